// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.List;

/**
 * The losses worth showing. A run starts near log(vocabulary) and leaves it within a few steps; drawn in full, that
 * fall would press the differences people look for into the bottom of the picture. So the range ends where the slowest
 * run was after a twentieth of its steps.
 */
record LossRange(double lowest, double highest) {
    private static final double FALL = 0.05;
    private static final double TICK = 0.1;
    private static final LossRange NOTHING = new LossRange(0, 1);

    static LossRange of(List<LossCurve> curves) {
        double lowest = Double.POSITIVE_INFINITY;
        double highest = Double.NEGATIVE_INFINITY;
        for (LossCurve curve : curves) {
            for (LossSeries series : List.of(
                    LossSeries.training(curve, MetricsRow::step), LossSeries.validation(curve, MetricsRow::step))) {
                double after = series.isEmpty() ? 0 : FALL * series.x()[series.size() - 1];
                for (int i = 0; i < series.size(); i++) {
                    lowest = Math.min(lowest, series.y()[i]);
                    if (series.x()[i] >= after) {
                        highest = Math.max(highest, series.y()[i]);
                    }
                }
            }
        }
        if (lowest > highest) {
            return NOTHING;
        }
        double floor = Math.floor(lowest / TICK) * TICK;
        return new LossRange(floor, Math.max(Math.ceil(highest / TICK) * TICK, floor + TICK));
    }
}
