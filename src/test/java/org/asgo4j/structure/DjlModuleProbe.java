// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import ai.djl.training.tracker.Tracker;
import org.asgo4j.djl.AsgoOptimizer;

/** The main class, outside any module, of the process that {@link DjlModuleTest} starts. */
final class DjlModuleProbe {
    private DjlModuleProbe() {}

    public static void main(String[] arguments) {
        try (AsgoOptimizer optimizer =
                AsgoOptimizer.builder().optLearningRateTracker(Tracker.fixed(1)).build()) {
            System.out.println(optimizer.getClass().getModule().getName() + " reads "
                    + Tracker.class.getModule().getName());
        }
    }
}
