package org.asgo4j.optim;

import org.asgo4j.linalg.Matrix;

/**
 * The inverse root of a gram matrix could not be computed at several refreshes in a row, nor in float64. The weight has
 * not been changed at this step; its momentum and gram matrix have. {@link #getCause} is the first failure of the last
 * refresh.
 */
public final class RootFailedException extends ArithmeticException {
    private static final long serialVersionUID = 1L;

    private final String parameter;
    private final long step;

    RootFailedException(
            String parameter, long step, long failures, Matrix gram, RootReport report, double unit,
            RuntimeException cause) {
        super(("the root of '%s' failed at step %d, %d refresh(es) in a row, in both precisions: %s. Gram matrix of "
                + "order %d: eigenvalues %s, diagonal from %.3g to %.3g. Damp it more (Damping.relative(1e-4)), use "
                + "roots in FLOAT64, or lower the learning rate if gradients grow")
                .formatted(parameter, step, failures, cause.getMessage(), gram.rows(), eigenvalues(report, unit),
                        diagonal(gram, unit, false), diagonal(gram, unit, true)));
        this.parameter = parameter;
        this.step = step;
        initCause(cause);
    }

    private static String eigenvalues(RootReport report, double unit) {
        return Double.isNaN(report.largest)
                ? "unknown"
                : "last seen from %.3g to %.3g".formatted(report.smallest * unit * unit, report.largest * unit * unit);
    }

    private static double diagonal(Matrix gram, double unit, boolean largest) {
        double extreme = gram.get(0, 0);
        for (int i = 1; i < gram.rows(); i++) {
            extreme = largest ? Math.max(extreme, gram.get(i, i)) : Math.min(extreme, gram.get(i, i));
        }
        return extreme * unit * unit;
    }

    /** The parameter's name. */
    public String parameter() {
        return parameter;
    }

    /** The step that failed, counted from 1. */
    public long step() {
        return step;
    }
}
