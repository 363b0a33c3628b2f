// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The gram matrix V, its eigenbasis Q, and a second moment D of the gradient's elements in that basis in place of V's
 * eigenvalues; on the left side
 *
 * <pre>
 * D ← β₂D + (1−β₂)(QG)²            m×n  elementwise
 * U = Qᵀ·(QN/(√D + ε√tr V))        m×n
 * </pre>
 *
 * and on the right with GQᵀ, NQᵀ and ·Q. Where V's eigenvalues say how large the gradient is in a direction, D says it
 * for each element of that direction: Adam in a rotated space (SOAP, on one side).
 */
final class EigenbasisPreconditioner extends Preconditioner {
    /** SOAP's ε, which is for gradients of norms near 1: √tr V is theirs, whatever the unit was set by. */
    private static final double EPSILON = 1e-8;

    private final Eigenbasis basis;
    private final BasisRenewal renewal;
    private final Matrix secondMoment; // D, m×n

    EigenbasisPreconditioner(Backend backend, Arena arena, AsgoConfig config, int rows, int cols, WeightName weight) {
        super(backend, arena, config, rows, cols, weight);
        this.basis = new Eigenbasis(backend, arena, gram);
        this.renewal = new BasisRenewal(config.root().method(), config.refresh());
        this.secondMoment = backend.allocate(arena, rows, cols);
    }

    @Override
    void reserve(Workspace workspace, int rows, int cols) {
        super.reserve(workspace, rows, cols);
        basis.reserve(workspace);
        workspace.reserve(Slot.ROTATED_GRADIENT, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.ROTATED_DIRECTION, ElementType.FLOAT32, rows, cols);
    }

    @Override
    public boolean derive(long taken, double unit, Workspace workspace) {
        boolean renewed = renewal.renew(basis, gram, ladder.report, workspace);
        noteRange(unit);
        return renewed;
    }

    private void noteRange(double unit) {
        EigenInverseRoot.noteRange(basis.eigenvalues(), config.root().damping(), unit, ladder.report);
    }

    @Override
    public void deriveInFloat64(double unit) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix wide = backend.allocate(arena, ElementType.FLOAT64, gram.rows(), gram.rows());
            backend.copy(gram, wide);
            var wideBasis = new Eigenbasis(backend, arena, wide);
            var workspace = new Workspace(backend);
            wideBasis.reserve(workspace);
            workspace.allocate(arena);
            wideBasis.decompose(wide, workspace);
            backend.copy(wideBasis.vectors(), basis.vectors());
            backend.copy(wideBasis.eigenvalues(), basis.eigenvalues());
            renewal.renewed(basis);
            ladder.report.begin(RootMethod.EIGEN);
            noteRange(unit);
        }
    }

    @Override
    public boolean isLost() {
        return !renewal.isDecomposed();
    }

    /** There is no P to measure. */
    @Override
    public double residual() {
        return Double.NaN;
    }

    @Override
    void apply(Matrix direction, Matrix gradient, double scale, Matrix update, Workspace workspace) {
        Matrix g = workspace.get(Slot.ROTATED_GRADIENT, ElementType.FLOAT32, update.rows(), update.cols());
        Matrix n = workspace.get(Slot.ROTATED_DIRECTION, ElementType.FLOAT32, update.rows(), update.cols());
        double keep = config.beta2();
        rotate(gradient, g); //                                                            QG
        rotate(direction, n); //                                                           QN
        float add = (float) ((1 - keep) * scale * scale);
        backend.addSquares(add, g, (float) keep, secondMoment); //                         D ← β₂D + (1−β₂)(QcG)²
        float outside = (float) (EPSILON * Math.sqrt(trace()));
        backend.divideByRoot(n, secondMoment, 0, outside, g); //                           QN/(√D + ε√tr V)
        Matrix q = basis.vectors();
        if (side == Side.LEFT) backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, q, g, 0, update);
        else backend.gemm(Transpose.NONE, Transpose.NONE, 1, g, q, 0, update);
    }

    private void rotate(Matrix x, Matrix rotated) {
        Matrix q = basis.vectors();
        if (side == Side.LEFT) backend.gemm(Transpose.NONE, Transpose.NONE, 1, q, x, 0, rotated);
        else backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, x, q, 0, rotated);
    }

    @Override
    void end() {
        super.end();
        backend.fill(0, secondMoment);
    }

    @Override
    void rescale(double factor) {
        super.rescale(factor);
        basis.rescale(factor);
        backend.divide(1 / (factor * factor), secondMoment);
    }

    @Override
    void describe(StateFields fields) {
        super.describe(fields);
        renewal.describe(fields);
        basis.describe(fields);
        fields.matrix("second_moment", secondMoment);
    }
}
