package org.asgo4j.train;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;

/**
 * Draws the loss curves of a training run, or says in the log why it could not. This class touches neither the plot
 * library nor AWT, which may both be missing: the first is an optional dependency, the second needs fonts that a bare
 * container doesn't have.
 */
final class LossPlot {
    private static final System.Logger LOG = System.getLogger(LossPlot.class.getName());
    private static final String HEADLESS = "java.awt.headless";

    private LossPlot() {}

    /**
     * Writes a PNG with two panels, loss against steps and loss against seconds, all optimizers in each.
     *
     * @param png    file to write; one that is there is replaced
     * @param title  line above the panels
     * @param curves the runs; losses that are not finite are left out
     * @return false if it could not be drawn, after one warning; never throws for that reason
     */
    static boolean write(Path png, String title, List<LossCurve> curves) {
        if (System.getProperty(HEADLESS) == null) {
            System.setProperty(HEADLESS, "true");
        }
        try {
            LossChart.write(png, title, curves);
            return true;
        } catch (Exception | Error failure) {
            // Errors too: missing fonts are an InternalError, a missing library a NoClassDefFoundError, a missing
            // display an AWTError. The results of a training are worth more than their picture.
            LOG.log(Level.WARNING, "no plot at {0}: {1} (it needs the xchart library and a font)", png, failure);
            return false;
        }
    }
}
