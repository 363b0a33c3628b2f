// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.List;

/**
 * The reports of one optimizer's run, as a plot draws them.
 *
 * @param name optimizer, as the legend shows it
 * @param rows its reports, oldest first
 */
record LossCurve(String name, List<MetricsRow> rows) {
    LossCurve {
        rows = List.copyOf(rows);
    }
}
