// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Checks the data set against what its authors say of it. */
class DigitsTest {
    private final Digits digits = Digits.read();

    @Test
    void everyImageIsWhole() {
        assertEquals(1797, digits.size());
        for (double[] image : digits.pixels()) {
            assertEquals(Digits.PIXELS, image.length);
            for (double pixel : image) assertTrue(pixel >= 0 && pixel <= 1, () -> "pixel " + pixel);
        }
    }

    /** The numbers of optdigits.names for the test part. */
    @Test
    void everyDigitIsThereAsOftenAsDocumented() {
        int[] counts = new int[Digits.CLASSES];
        for (int label : digits.labels()) counts[label]++;
        assertEquals("[178, 182, 177, 183, 181, 182, 181, 179, 174, 180]", Arrays.toString(counts));
    }

    @Test
    void trainingAndValidationAreDisjointAndComplete() {
        assertEquals(digits.size(), digits.training().size() + digits.validation().size());
        assertTrue(digits.pixels()[0] == digits.training().pixels()[0]);
        assertTrue(digits.pixels()[digits.size() - 1] == digits.validation().pixels()[396]);
    }
}
