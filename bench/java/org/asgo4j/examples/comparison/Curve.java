// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;

/**
 * What one training showed.
 *
 * @param points from the start on; ends early if the training met a NaN or infinity
 * @param gradientMicros the interquartile mean of the times of a gradient; NaN if it ended early
 * @param stepMicros the interquartile mean of the times of an optimizer step; NaN if it ended early
 */
public record Curve(List<Point> points, double gradientMicros, double stepMicros) {

    /** How good the weights were after a number of steps. */
    public record Point(int step, Problem.Score training, Problem.Score validation) {}

    /** Whether it came to its last step with finite losses. */
    public boolean finished() {
        return !Double.isNaN(stepMicros) && Double.isFinite(last().training().loss())
                && Double.isFinite(last().validation().loss());
    }

    /** The last measurement. */
    public Point last() {
        return points.getLast();
    }

    /** The validation loss to choose a learning rate by: infinite if the training did not finish. */
    public double finalValidationLoss() {
        return finished() ? last().validation().loss() : Double.POSITIVE_INFINITY;
    }
}
