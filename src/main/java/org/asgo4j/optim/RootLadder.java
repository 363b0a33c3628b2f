// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.NativeCallException;
import org.asgo4j.linalg.Side;

/**
 * The ladder that a failing root (or basis) of one gram matrix goes down: as configured → in float64 → the last good
 * one, for at most two refreshes in a row → {@link RootFailedException}. Counts what happened, logs what is kept and
 * tells the flight recorder of every refresh.
 */
final class RootLadder {
    /** So many failed refreshes in a row are survived: the root in use grows older with each. */
    private static final int FAILURES_ALLOWED = 2;

    private static final System.Logger LOGGER = System.getLogger(RootLadder.class.getName());

    /** What is derived from the gram matrix. A rung that fails leaves what was derived before as it was. */
    interface Derived {
        /**
         * Derives anew, as configured.
         *
         * @param taken steps taken before this one
         * @param unit the gradient scale the gram matrix is held in
         * @return whether something was derived; false if the old one was found good enough
         * @throws RootFailure if it can't be derived, or is not finite
         * @throws NativeCallException if LAPACK fails
         */
        boolean derive(long taken, double unit, Workspace workspace);

        /** Derives anew in float64, with memory of its own; throws as {@link #derive} does. */
        void deriveInFloat64(double unit);

        /** Whether what was derived before is gone, so that it can't stay in use. */
        boolean isLost();

        /** ‖I − PVP‖_F/√k of what is in use; NaN if it has no such meaning. For a recording only: it may allocate. */
        double residual();

        /** What a user may change when it fails for good: an imperative, without a full stop. */
        String advice();
    }

    final RootReport report = new RootReport();
    final RootCounts counts = new RootCounts();
    private final Backend backend;
    private final Matrix gram;
    private final Side side;
    private final WeightName weight;
    private double smallestSeen = Double.NaN; // eigenvalues at the last refresh that succeeded, in the gradient's scale
    private double largestSeen = Double.NaN;

    RootLadder(Backend backend, Matrix gram, Side side, WeightName weight) {
        this.backend = backend;
        this.gram = gram;
        this.side = side;
        this.weight = weight;
    }

    /** One refresh, down the ladder. */
    void refresh(Derived derived, long taken, double unit, Workspace workspace) {
        RefreshEvent event = RefreshEvent.start();
        boolean renewed;
        try {
            renewed = derived.derive(taken, unit, workspace);
            succeeded(unit);
        } catch (NativeCallException | RootFailure first) {
            renewed = fallBack(derived, taken, unit, first);
        }
        if (renewed) counts.refreshes++;
        if (event != null) commit(event, derived, taken, unit);
    }

    /** The lower rungs, after {@code first}; whether float64 gave what was wanted. */
    boolean fallBack(Derived derived, long taken, double unit, RuntimeException first) {
        try {
            derived.deriveInFloat64(unit);
            counts.retries++;
            succeeded(unit);
            return true;
        } catch (NativeCallException | RootFailure second) {
            boolean none = counts.refreshes == 0 || derived.isLost();
            if (none || counts.keptInARow == FAILURES_ALLOWED) throw failure(derived, taken, unit, first);
            counts.kept++;
            counts.keptInARow++;
            LOGGER.log(System.Logger.Level.WARNING,
                    "asgo: the {0} preconditioner of ''{1}'' failed at step {2} in both precisions, the last good one "
                            + "stays ({3} of {4} in a row): {5}",
                    side, weight.get(), taken + 1, counts.keptInARow, FAILURES_ALLOWED, second.getMessage());
            return false;
        }
    }

    /** Notes what the report has of a root or basis that is now in use. */
    void succeeded(double unit) {
        counts.keptInARow = 0;
        counts.condition = report.condition;
        smallestSeen = report.smallest * unit * unit;
        largestSeen = report.largest * unit * unit;
    }

    private RootFailedException failure(Derived derived, long taken, double unit, RuntimeException cause) {
        String eigenvalues = Double.isNaN(largestSeen)
                ? "unknown"
                : "last seen from %.3g to %.3g".formatted(smallestSeen, largestSeen);
        double[] diagonal = Symmetric.diagonal(backend, gram);
        double smallest = diagonal[0];
        double largest = smallest;
        for (double each : diagonal) {
            smallest = Math.min(smallest, each);
            largest = Math.max(largest, each);
        }
        String message = ("the %s preconditioner of '%s' failed at step %d, %d refresh(es) in a row, in both "
                + "precisions: %s. Gram matrix of order %d: eigenvalues %s, diagonal from %.3g to %.3g. %s")
                .formatted(side, weight.get(), taken + 1, counts.keptInARow + 1, cause.getMessage(), gram.rows(),
                        eigenvalues, smallest * unit * unit, largest * unit * unit, derived.advice());
        return new RootFailedException(weight.get(), taken + 1, message, cause);
    }

    /** A root on the background thread that an {@link Error} ended, which no lower rung would cure. */
    RootFailedException ended(long taken, Throwable cause) {
        String message = "the %s preconditioner of '%s' failed at step %d: its root in the background ended with %s"
                .formatted(side, weight.get(), taken + 1, cause);
        return new RootFailedException(weight.get(), taken + 1, message, cause);
    }

    void commit(RefreshEvent event, Derived derived, long taken, double unit) {
        event.commit(weight, side, taken + 1, report, counts, unit, derived.residual());
    }
}
