// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows reach the disk one by one in a fixed format; the plot shows what it was given and never throws. */
class MetricsTest {
    private static final MetricsRow.Dynamics NONE =
            new MetricsRow.Dynamics(Double.NaN, Double.NaN, Double.NaN, 0, 0);

    @TempDir
    Path directory;

    @Test
    void rowsAreOnDiskAtOnceAndTheSameInEveryLanguage() throws IOException {
        Path file = Files.writeString(directory.resolve("metrics.csv"), "an older and longer run\n".repeat(100));
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try (MetricsFile metrics = MetricsFile.create(file)) {
            assertEquals(List.of(MetricsFile.HEADER), Files.readAllLines(file));
            var nothing = new MetricsRow.Dynamics(Double.NaN, 0.5, Double.NaN, 0, 0);
            var all = new MetricsRow.Dynamics(0.00125, Double.POSITIVE_INFINITY, 1234567, 48, 1);
            metrics.append(new MetricsRow(10, 7680, 2.5, OptionalDouble.empty(), 0.01, 1.25, 26300.04, 4.1, nothing));
            metrics.append(
                    new MetricsRow(2000, 1 << 21, Double.NaN, OptionalDouble.of(1.6512), 2e-6, 58.3, 1e5, 12, all));
            assertEquals(List.of(
                    "step,tokens,train_loss,val_loss,learning_rate,seconds,tokens_per_second,optimizer_ms,"
                            + "update_ratio,gradient_norm,condition,refreshes,skipped",
                    "10,7680,2.500000,,0.0100000,1.250,26300.0,4.100,,0.500000,,0,0",
                    "2000,2097152,NaN,1.651200,2.00000e-06,58.300,100000.0,12.000,"
                            + "0.00125000,Infinity,1.23457e+06,48,1"), Files.readAllLines(file));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void plotIsAPictureWithTheColoursOfItsCurves() throws IOException {
        assumeFonts();
        Path png = directory.resolve("loss.png");
        assertTrue(Plots.loss(png, "test", List.of(curve("asgo", 1.65, 60), curve("adamw", 1.77, 45))));
        BufferedImage image = ImageIO.read(png.toFile());
        assertEquals(2 * 2 * 720, image.getWidth());
        for (int panel = 0; panel < 2; panel++) {
            int width = image.getWidth() / 2;
            BufferedImage half = image.getSubimage(panel * width, 0, width, image.getHeight());
            assertTrue(count(half, 0x0072B2) > 1000, "first colour in panel " + panel);
            assertTrue(count(half, 0xD55E00) > 1000, "second colour in panel " + panel);
            assertEquals(0, count(half, 0x009E73), "third colour in panel " + panel);
        }
    }

    @Test
    void dynamicsHaveThreePanelsWithTheColoursOfTheirCurves() throws IOException {
        assumeFonts();
        Path png = directory.resolve("dynamics.png");
        assertTrue(Plots.dynamics(png, "test", List.of(curve("asgo", 1.65, 60), curve("adamw", 1.77, 45))));
        BufferedImage image = ImageIO.read(png.toFile());
        int width = image.getWidth() / 3;
        for (int panel = 0; panel < 3; panel++) {
            BufferedImage third = image.getSubimage(panel * width, 0, width, image.getHeight());
            assertTrue(count(third, 0x0072B2) > 500, "first colour in panel " + panel);
            assertTrue(count(third, 0xD55E00) > 500, "second colour in panel " + panel);
        }
    }

    @Test
    void withoutAGramMatrixThereIsNoPanelForOne() throws IOException {
        assumeFonts();
        Path png = directory.resolve("dynamics.png");
        List<MetricsRow> rows = new ArrayList<>();
        var dynamics = new MetricsRow.Dynamics(0.01, 1, Double.NaN, 0, 0);
        for (int step = 1; step <= 3; step++) {
            rows.add(new MetricsRow(step, step, 2, OptionalDouble.empty(), 0.01, step, 1, 1, dynamics));
        }
        assertTrue(Plots.dynamics(png, "test", List.of(new LossCurve("adamw", rows))));
        assertEquals(2 * 2 * 600, ImageIO.read(png.toFile()).getWidth());
    }

    @Test
    void resumedMetricsKeepTheRowsUpToTheStepAndDropAnUnfinishedLine() throws IOException {
        Path file = directory.resolve("metrics.csv");
        List<MetricsRow> rows = curve("asgo", 1.65, 60).rows();
        try (MetricsFile metrics = MetricsFile.create(file)) {
            for (MetricsRow row : rows) metrics.append(row);
        }
        List<String> before = Files.readAllLines(file);
        Files.writeString(file, Files.readString(file) + "2010,77");
        try (MetricsFile metrics = MetricsFile.resume(file, 995)) {
            metrics.append(rows.get(100));
        }
        assertEquals(before.subList(0, 102), Files.readAllLines(file)); // the header, steps 0 to 990, and 1000
        assertEquals(101, MetricsFile.read(file).size());
        assertEquals(rows.get(100).step(), MetricsFile.read(file).getLast().step());
    }

    /** A folder of that name can't be replaced. */
    @Test
    void whatCantBeWrittenAsAWholeLeavesNothingBesideIt() throws IOException {
        Path taken = Files.createDirectories(directory.resolve("metrics.csv/inner")).getParent();
        assertThrows(IOException.class, () -> WholeFile.write(taken, "text"));
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(taken), files.toList());
        }
    }

    @Test
    void otherFilesAreNotTakenForMetrics() throws IOException {
        Path old = Files.writeString(directory.resolve("old.csv"), "step,tokens\n1,2\n");
        assertThrows(IllegalArgumentException.class, () -> MetricsFile.read(old));
        Path cut = Files.writeString(directory.resolve("short.csv"), MetricsFile.HEADER + "\n1,2\n");
        assertThrows(IllegalArgumentException.class, () -> MetricsFile.resume(cut, 1));
        Path words = Files.writeString(
                directory.resolve("words.csv"), MetricsFile.HEADER + "\na,b,c,d,e,f,g,h,i,j,k,l,m\n");
        assertThrows(IllegalArgumentException.class, () -> MetricsFile.read(words));
    }

    @Test
    void runsWithNothingToShowAreDrawnAllTheSame() {
        assumeFonts();
        MetricsRow diverged = new MetricsRow(
                1, 1, Double.NaN, OptionalDouble.of(Double.POSITIVE_INFINITY), 1, 1, 1, 1, NONE);
        MetricsRow constant = new MetricsRow(1, 1, 2, OptionalDouble.of(2), 1, 1, 1, 1, NONE);
        Path png = directory.resolve("loss.png");
        List<List<LossCurve>> runs = List.of(
                List.of(),
                List.of(new LossCurve("no row", List.of())),
                List.of(new LossCurve("not finite", List.of(diverged))),
                List.of(new LossCurve("one row", List.of(constant))));
        for (List<LossCurve> curves : runs) {
            assertTrue(Plots.loss(png, "loss", curves), curves::toString);
            assertTrue(Plots.dynamics(png, "dynamics", curves), curves::toString);
        }
    }

    @Test
    void plotThatCantBeWrittenIsAWarning() {
        assertFalse(Plots.loss(directory.resolve("missing/loss.png"), "test", List.of(curve("asgo", 1.65, 60))));
    }

    /** Drawing over a folder with a file in it fails at the very last, when the picture is renamed. */
    @Test
    void aPictureThatCantBePutInPlaceLeavesNothing() throws IOException {
        Path png = Files.createDirectory(directory.resolve("loss.png"));
        Path inside = Files.writeString(png.resolve("inside"), "");
        var image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
        var failure = assertThrows(FileSystemException.class, () -> PngFile.write(png, image));
        assertEquals(png.toString(), failure.getFile());
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(List.of(png), left.toList());
        }
        Files.delete(inside);
        Files.delete(png);
        PngFile.write(png, image);
        assertEquals(1, ImageIO.read(png.toFile()).getWidth());
    }

    @Test
    void theRemedyStandsWhereItIsOne() {
        List<Throwable> remedied = List.of(
                new NoClassDefFoundError("org/knowm/xchart/XYChart"),
                new InternalError("java.lang.reflect.InvocationTargetException"),
                new Error("Probable fatal error: No physical fonts found."),
                new RuntimeException("Fontconfig head is null, check your fonts or fonts configuration"));
        List<Throwable> others = List.of(
                new AccessDeniedException("/fonts/loss.png"), new IOException("No space left on device"),
                new OutOfMemoryError("Java heap space"), new IllegalStateException());
        for (Throwable failure : remedied) {
            assertTrue(Plots.reason(failure).endsWith(" (it needs the xchart library and a font)"), failure::toString);
        }
        for (Throwable failure : others) assertEquals(failure.toString(), Plots.reason(failure));
    }

    @Test
    void smoothingKeepsStraightLinesAndShrinksNoise() {
        int n = 200;
        long seed = 3;
        Random random = new Random(seed);
        List<MetricsRow> line = new ArrayList<>();
        List<MetricsRow> noise = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            line.add(new MetricsRow(i, 0, 5 - i / 100.0, OptionalDouble.empty(), 1, i, 1, 1, NONE));
            noise.add(new MetricsRow(i, 0, 2 + random.nextGaussian(), OptionalDouble.empty(), 1, i, 1, 1, NONE));
        }
        double[] straight = LossSeries.training(new LossCurve("line", line), MetricsRow::step).y();
        for (int i = 0; i < n - n / 40; i++) {
            // The window is symmetric there. A mean is the difference of two sums of at most n rounded terms below 5.
            assertEquals(5 - i / 100.0, straight[i], 2 * n * Math.ulp(5.0 * n), "row " + i);
        }
        double[] noisy = LossSeries.training(new LossCurve("noise", noise), MetricsRow::step).y();
        // In the middle 11 values are averaged: a standard deviation of 1/√11, of which five are allowed.
        assertEquals(2, noisy[n / 2], 5 / Math.sqrt(11), "seed=" + seed);
    }

    /** A run of 2,000 steps that falls like a power law from log 165 to {@code end}. */
    static LossCurve curve(String name, double end, double seconds) {
        Random random = new Random(name.hashCode());
        List<MetricsRow> rows = new ArrayList<>();
        for (int step = 0; step <= 2000; step += 10) {
            double loss = end + (Math.log(165) - end) * Math.pow(1 + step / 20.0, -0.9);
            OptionalDouble validation = step % 100 == 0 ? OptionalDouble.of(loss) : OptionalDouble.empty();
            double noisy = loss - 0.1 + 0.08 * random.nextGaussian();
            var dynamics = new MetricsRow.Dynamics(0.01 * loss, noisy, 1e6 / loss, step, 0);
            rows.add(new MetricsRow(
                    step, step * 768L, noisy, validation, 0.01, seconds * step / 2000, 26_000, 4, dynamics));
        }
        return new LossCurve(name, rows);
    }

    /** Without any font Java can't draw text; the warning that users get then is all there is to test. */
    private static void assumeFonts() {
        try {
            new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics().getFontMetrics();
        } catch (Error noFonts) {
            assumeTrue(false, noFonts.toString());
        }
    }

    private static int count(BufferedImage image, int color) {
        int[] pixels = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        return (int) Arrays.stream(pixels).filter(pixel -> (pixel & 0xFFFFFF) == color).count();
    }
}
