// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.awt.AWTError;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Draws the curves of a training run, or says in the log why it could not. This class calls neither the plot library
 * nor AWT, which may both be missing: the first is an optional dependency, the second needs fonts that a bare container
 * doesn't have.
 */
final class Plots {
    private static final System.Logger LOG = System.getLogger(Plots.class.getName());
    private static final String HEADLESS = "java.awt.headless";

    private Plots() {}

    /** Draws all pictures of a run into its folder: {@code loss.png} and {@code dynamics.png}. */
    static void all(Path folder, String title, List<LossCurve> curves) {
        loss(folder.resolve("loss.png"), title, curves);
        dynamics(folder.resolve("dynamics.png"), title, curves);
    }

    @FunctionalInterface
    private interface Drawing {
        void write() throws IOException;
    }

    /**
     * Writes a PNG with two panels, loss against steps and loss against seconds, all optimizers in each.
     *
     * @param png    file to write; one that is there is replaced
     * @param title  line above the panels
     * @param curves the runs; losses that are not finite are left out
     * @return false if it could not be drawn, after one warning; never throws for that reason
     */
    static boolean loss(Path png, String title, List<LossCurve> curves) {
        return draw(png, () -> LossChart.write(png, title, curves));
    }

    /**
     * Writes a PNG with panels against steps, on logarithmic axes: update-to-weight ratio, gradient norm, and condition
     * number where there is one. Values that are not finite and positive are left out; otherwise as {@link #loss}.
     */
    static boolean dynamics(Path png, String title, List<LossCurve> curves) {
        return draw(png, () -> DynamicsChart.write(png, title, curves));
    }

    private static boolean draw(Path png, Drawing drawing) {
        if (System.getProperty(HEADLESS) == null) {
            System.setProperty(HEADLESS, "true");
        }
        try {
            drawing.write();
            return true;
        } catch (Exception | Error failure) {
            // Errors too: the results of a training are worth more than their picture.
            LOG.log(Level.WARNING, "no plot at {0}: {1}", png, reason(failure));
            return false;
        }
    }

    /** What failed, and the remedy where there is one. */
    static String reason(Throwable failure) {
        return isOfMissingParts(failure) ? failure + " (it needs the xchart library and a font)" : failure.toString();
    }

    /**
     * A missing library is a NoClassDefFoundError, a missing display an AWTError, and missing fonts are an
     * InternalError, or, as the JDK finds out in several places, an Error or RuntimeException that speaks of fonts.
     */
    private static boolean isOfMissingParts(Throwable failure) {
        if (failure instanceof IOException) return false;
        return failure instanceof LinkageError || failure instanceof InternalError || failure instanceof AWTError
                || String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("font");
    }
}
