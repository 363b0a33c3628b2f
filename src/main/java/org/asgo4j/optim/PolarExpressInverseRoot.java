// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The root by the coupled iteration published with ASGO, with the coefficients of PolarExpress (Amsel, Persson, Musco,
 * Gower, arXiv 2505.16932): ν = 1.01·‖V + sI‖_F, Y = (V + sI)/ν, Z = I; ten times
 *
 * <pre>
 * T = ZY;  B = bT + cT²;  Y ← aY + YB;  Z ← aZ + BZ          P = Z/√ν
 * </pre>
 *
 * in 37 products: T is Y in the first step, and the last Y is not needed.
 */
final class PolarExpressInverseRoot implements InverseRoot {
    private static final double NORM_MARGIN = 1.01;

    /** (a, b, c) of the ten steps as published; all but the last are divided by powers of {@link #SAFETY}. */
    private static final double[][] PUBLISHED = {
        {8.28721201814563, -23.595886519098837, 17.300387312530933},
        {4.107059111542203, -2.9478499167379106, 0.5448431082926601},
        {3.9486908534822946, -2.908902115962949, 0.5518191394370137},
        {3.3184196573706015, -2.488488024314874, 0.51004894012372},
        {2.300652019954817, -1.6689039845747493, 0.4188073119525673},
        {1.891301407787398, -1.2679958271945868, 0.37680408948524835},
        {1.8750014808534479, -1.2500016453999487, 0.3750001645474248},
        {1.875, -1.25, 0.375},
        {1.875, -1.25, 0.375},
        {1.875, -1.25, 0.375},
    };

    private static final double SAFETY = 1.01;

    private final Backend backend;
    private final Damping damping;
    private final ElementType precision;
    private final int order;

    PolarExpressInverseRoot(Backend backend, Damping damping, ElementType precision, int order) {
        this.backend = backend;
        this.damping = damping;
        this.precision = precision;
        this.order = order;
    }

    @Override
    public void reserve(Workspace workspace) {
        var iterates = List.of(Slot.ITERATE_Y, Slot.ITERATE_Z, Slot.ITERATE_T, Slot.ITERATE_B, Slot.ITERATE_NEW);
        for (Slot slot : iterates) {
            workspace.reserve(slot, precision, order, order);
        }
        workspace.reserve(Slot.VECTOR_X, precision, order, 1);
        workspace.reserve(Slot.VECTOR_Y, precision, order, 1);
    }

    @Override
    public boolean compute(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        report.begin(RootMethod.POLAR_EXPRESS);
        Matrix y = workspace.get(Slot.ITERATE_Y, precision, order, order);
        Matrix z = workspace.get(Slot.ITERATE_Z, precision, order, order);
        double largest = Symmetric.largestEigenvalue(
                backend, gram, workspace.get(Slot.VECTOR_X, precision, order, 1),
                workspace.get(Slot.VECTOR_Y, precision, order, 1));
        report.largest = largest;
        if (largest == 0) { // a gram matrix of zeros has the root 0
            backend.fill(0, root);
            return true;
        }
        double shift = damping.shift(largest, order * precision.unitRoundoff() * largest, unit);
        backend.copy(gram, y);
        backend.symmetrize(y);
        backend.addToDiagonal(shift, y);
        double norm = NORM_MARGIN * Symmetric.norm(backend, y);
        if (!Double.isFinite(norm)) throw new RootFailure("norm of the gram matrix is " + norm);
        backend.divide(norm, y);
        backend.fill(0, z);
        backend.addToDiagonal(1, z);
        Matrix inverse = iterate(y, z, workspace);
        backend.averageLower(1 / Math.sqrt(norm), inverse, root);
        return true;
    }

    /** Takes Y and Z through the ten steps; the matrix that holds the last Z. */
    private Matrix iterate(Matrix startY, Matrix startZ, Workspace workspace) {
        Matrix y = startY;
        Matrix z = startZ;
        Matrix t = workspace.get(Slot.ITERATE_T, precision, order, order);
        Matrix b = workspace.get(Slot.ITERATE_B, precision, order, order);
        Matrix spare = workspace.get(Slot.ITERATE_NEW, precision, order, order);
        for (int n = 0; n < PUBLISHED.length; n++) {
            boolean last = n == PUBLISHED.length - 1;
            double safety = last ? 1 : SAFETY;
            double[] step = PUBLISHED[n];
            double p1 = step[0] / safety;
            double p3 = step[1] / (safety * safety * safety);
            double p5 = step[2] / (safety * safety * safety * safety * safety);
            if (n == 0) backend.copy(y, t); //                                               T = ZY, Z = I
            else backend.gemm(Transpose.NONE, Transpose.NONE, 1, z, y, 0, t);
            backend.copy(t, b);
            backend.gemm(Transpose.NONE, Transpose.NONE, p5, t, t, p3, b); //                B = bT + cT²
            if (!last) {
                backend.copy(y, spare);
                backend.gemm(Transpose.NONE, Transpose.NONE, 1, y, b, p1, spare); //         Y ← aY + YB
                Matrix old = y;
                y = spare;
                spare = old;
            }
            if (n == 0) {
                backend.addToDiagonal(p1, b); //                                           Z ← aI + B
                Matrix old = z;
                z = b;
                b = old;
            } else {
                backend.copy(z, t); // T is done with
                backend.gemm(Transpose.NONE, Transpose.NONE, 1, b, z, p1, t); //             Z ← aZ + BZ
                Matrix old = z;
                z = t;
                t = old;
            }
        }
        return z;
    }
}
