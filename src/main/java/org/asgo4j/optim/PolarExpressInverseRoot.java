// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The root by the coupled iteration published with ASGO, with the coefficients of PolarExpress (Amsel, Persson, Musco,
 * Gower, arXiv 2505.16932): ν = 1.01·‖V + sI‖_F, Y = (V + sI)/ν, Z = I; ten times
 *
 * <pre>
 * T = ZY;  B = bT + cT²;  Y ← aY + YB;  Z ← aZ + BZ          P = Z/√ν
 * </pre>
 *
 * in 37 products: T is Y in the first step, and the last Y is not needed. A {@link PolarExpressBatch} takes several
 * matrices of one order through it at once.
 */
final class PolarExpressInverseRoot implements BatchedRoot {
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
    private final LargestEigenvalues eigenvalues;
    private double largest; //       λ_max of V
    private double norm; //          ν
    private RootFailure failure; //  of V + sI, or null
    private Matrix inverse; //       the last Z
    private boolean found; //        by a batch: the next compute takes it over

    PolarExpressInverseRoot(Backend backend, Damping damping, ElementType precision, int order) {
        this.backend = backend;
        this.damping = damping;
        this.precision = precision;
        this.order = order;
        this.eigenvalues = new LargestEigenvalues(backend, precision, 1, order);
    }

    @Override
    public void reserve(Workspace workspace) {
        eigenvalues.reserve(workspace);
        reserve(precision, 1, order, workspace);
    }

    /** What so many roots at once need. */
    static void reserve(ElementType precision, int count, int order, Workspace workspace) {
        var iterates = List.of(Slot.ITERATE_Y, Slot.ITERATE_Z, Slot.ITERATE_T, Slot.ITERATE_B, Slot.ITERATE_NEW);
        for (Slot slot : iterates) workspace.reserveStack(slot, precision, count, order, order);
    }

    @Override
    public boolean compute(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        report.begin(RootMethod.POLAR_EXPRESS);
        if (!found) computeAlone(gram, unit, workspace);
        found = false;
        report.largest = largest;
        if (failure != null) throw failure;
        if (largest == 0) backend.fill(0, root); // a gram matrix of zeros has the root 0
        else backend.averageLower(1 / Math.sqrt(norm), inverse, root);
        return true;
    }

    private void computeAlone(Matrix gram, double unit, Workspace workspace) {
        Stack y = workspace.stack(Slot.ITERATE_Y, precision, 1, order, order);
        backend.copy(gram, y.all());
        backend.symmetrize(y.all());
        eigenvalues.find(y, workspace);
        start(y.all(), unit, eigenvalues.get(0));
        if (failure == null && largest != 0) inverse = iterate(backend, precision, 1, order, workspace).block(0);
    }

    /** Y ← (V + sI)/ν where it is V, both triangles; zeros if V is of zeros, or not finite. */
    void start(Matrix y, double unit, double largestEigenvalue) {
        largest = largestEigenvalue;
        failure = null;
        if (largest == 0) return;
        backend.addToDiagonal(damping.shift(largest, order * precision.unitRoundoff() * largest, unit), y);
        norm = NORM_MARGIN * Symmetric.norm(backend, y);
        if (Double.isFinite(norm)) {
            backend.divide(norm, y);
        } else {
            failure = new RootFailure("norm of the gram matrix is " + norm);
            backend.fill(0, y);
        }
    }

    /** Has the next {@link #compute} take over what a batch made of {@link #start}'s Y. */
    void found(Matrix lastZ) {
        inverse = lastZ;
        found = true;
    }

    @Override
    public void forget() {
        found = false;
    }

    /** Takes each Y of the workspace through the ten steps; the stack that holds the last Z. */
    static Stack iterate(Backend backend, ElementType precision, int count, int order, Workspace workspace) {
        Stack y = workspace.stack(Slot.ITERATE_Y, precision, count, order, order);
        Stack z = workspace.stack(Slot.ITERATE_Z, precision, count, order, order);
        Stack t = workspace.stack(Slot.ITERATE_T, precision, count, order, order);
        Stack b = workspace.stack(Slot.ITERATE_B, precision, count, order, order);
        Stack spare = workspace.stack(Slot.ITERATE_NEW, precision, count, order, order);
        for (int n = 0; n < PUBLISHED.length; n++) {
            boolean last = n == PUBLISHED.length - 1;
            double safety = last ? 1 : SAFETY;
            double[] step = PUBLISHED[n];
            double p1 = step[0] / safety;
            double p3 = step[1] / (safety * safety * safety);
            double p5 = step[2] / (safety * safety * safety * safety * safety);
            if (n == 0) backend.copy(y.all(), t.all()); //       T = ZY, Z = I
            else t.multiply(backend, 1, z, y, 0);
            backend.copy(t.all(), b.all());
            b.multiply(backend, p5, t, t, p3); //                B = bT + cT²
            if (!last) {
                backend.copy(y.all(), spare.all());
                spare.multiply(backend, 1, y, b, p1); //         Y ← aY + YB
                Stack old = y;
                y = spare;
                spare = old;
            }
            if (n == 0) {
                b.addToDiagonals(backend, p1); //                Z ← aI + B
                Stack old = z;
                z = b;
                b = old;
            } else {
                backend.copy(z.all(), t.all()); // T is done with
                t.multiply(backend, 1, b, z, p1); //             Z ← aZ + BZ
                Stack old = z;
                z = t;
                t = old;
            }
        }
        return z;
    }
}
