// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/** What happened to the roots (or bases) of one gram matrix, or of several together, counted from the start. */
final class RootCounts {
    /** Roots (or bases) computed. */
    long refreshes;
    /** Roots that the configured method failed at and float64 gave. */
    long retries;
    /** Refreshes that failed altogether, so that the last good root stayed. */
    long kept;
    /** Failures in a row up to now; a good root ends them. */
    long keptInARow;
    /** Steps between the gram matrix of the root in use and now, for asynchronous roots. */
    long staleness;
    /** Condition number at the last root that succeeded, damping included; NaN if unknown. */
    double condition = Double.NaN;

    /** Adds another's counts; of staleness and condition the larger. */
    void add(RootCounts other) {
        refreshes += other.refreshes;
        retries += other.retries;
        kept += other.kept;
        keptInARow = Math.max(keptInARow, other.keptInARow);
        staleness = Math.max(staleness, other.staleness);
        if (Double.isNaN(condition) || other.condition > condition) condition = other.condition;
    }

    void clear() {
        refreshes = 0;
        retries = 0;
        kept = 0;
        keptInARow = 0;
        staleness = 0;
        condition = Double.NaN;
    }

    void set(RootCounts other) {
        clear();
        add(other);
    }

    void describe(StateFields fields) {
        refreshes = fields.integer("refreshes", refreshes);
        retries = fields.integer("retries", retries);
        kept = fields.integer("kept", kept);
        keptInARow = fields.integer("kept_in_a_row", keptInARow);
        long bits = Double.doubleToLongBits(condition); // for reports alone: any value will do
        condition = Double.longBitsToDouble(fields.integer("condition", bits, Long.MIN_VALUE, Long.MAX_VALUE));
    }
}
