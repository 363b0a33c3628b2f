// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Handwritten digits (Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
 * 1998, CC BY 4.0), as scikit-learn ships them: 1797 images in all.
 *
 * @param pixels a row per image, of {@link #PIXELS} values from 0 (paper) to 1 (ink), the image row by row
 * @param labels the digit of each image, 0 to 9
 */
public record Digits(double[][] pixels, int[] labels) {
    /** The side of an image. */
    public static final int SIDE = 8;

    /** The pixels of an image. */
    public static final int PIXELS = SIDE * SIDE;

    /** The number of different digits. */
    public static final int CLASSES = 10;

    /** How many images, from the first on, are for training; the other 397 are for validation. */
    private static final int TRAINING = 1400;

    private static final String RESOURCE = "digits.csv.gz";
    private static final double INK = 16;

    /** Checks that there is a label for each image. */
    public Digits {
        if (pixels.length != labels.length) {
            throw new IllegalArgumentException(
                    "digits: %d images but %d labels".formatted(pixels.length, labels.length));
        }
    }

    /** All images, in the order of the file. */
    public static Digits read() {
        try (InputStream in = Digits.class.getResourceAsStream(RESOURCE)) {
            if (in == null) throw new IllegalStateException("no " + RESOURCE + " beside " + Digits.class.getName());
            List<String> lines;
            try (var reader = new BufferedReader(
                    new InputStreamReader(new GZIPInputStream(in), StandardCharsets.US_ASCII))) {
                lines = reader.readAllLines();
            }
            return parse(lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Digits parse(List<String> lines) {
        double[][] pixels = new double[lines.size()][];
        int[] labels = new int[lines.size()];
        for (int i = 0; i < labels.length; i++) {
            int[] values = Arrays.stream(lines.get(i).split(",")).mapToInt(Integer::parseInt).toArray();
            pixels[i] = Arrays.stream(values, 0, PIXELS).mapToDouble(value -> value / INK).toArray();
            labels[i] = values[PIXELS];
        }
        return new Digits(pixels, labels);
    }

    /** The images to train on. */
    public Digits training() {
        return part(0, TRAINING);
    }

    /** The images to validate with. */
    public Digits validation() {
        return part(TRAINING, size());
    }

    /** The number of images. */
    public int size() {
        return labels.length;
    }

    private Digits part(int from, int to) {
        return new Digits(Arrays.copyOfRange(pixels, from, to), Arrays.copyOfRange(labels, from, to));
    }
}
