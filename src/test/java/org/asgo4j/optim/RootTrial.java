// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;

/**
 * Runs one {@link InverseRoot} on arrays. Above its diagonal the gram matrix is NaN, and so is the workspace before
 * each root: whoever reads what it should not gets NaN.
 */
final class RootTrial implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final int order;
    private final ElementType type;
    private final Matrix gram;
    private final Matrix root;
    private final Workspace workspace;
    final InverseRoot inverseRoot;
    final RootReport report = new RootReport();
    boolean renewed;

    RootTrial(Backend backend, AsgoConfig config, int order) {
        this.order = order;
        this.type = config.root().precision();
        this.gram = backend.allocate(arena, type, order, order);
        this.root = backend.allocate(arena, order, order);
        this.inverseRoot = InverseRoots.of(backend, arena, config, gram);
        this.workspace = new Workspace(backend);
        inverseRoot.reserve(workspace);
        workspace.allocate(arena);
    }

    static RootTrial of(Backend backend, RootMethod method, ElementType type, Damping damping, int order) {
        return new RootTrial(backend, AsgoConfig.published().withRoot(new Root(method, type, damping)), order);
    }

    /** P of V (its lower triangle), both triangles. */
    double[][] root(double[][] v) {
        return root(v, 1);
    }

    double[][] root(double[][] v, double unit) {
        spoil();
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) gram.set(i, j, j <= i ? v[i][j] : Double.NaN);
        }
        renewed = inverseRoot.compute(gram, unit, root, report, workspace);
        double[][] p = new double[order][order];
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) p[i][j] = root.get(Math.max(i, j), Math.min(i, j));
        }
        return p;
    }

    private void spoil() {
        for (Workspace.Slot slot : Workspace.Slot.values()) {
            for (int[] shape : List.of(new int[] {order, order}, new int[] {1, order}, new int[] {order, 1})) {
                for (ElementType each : ElementType.values()) spoil(slot, each, shape[0], shape[1]);
            }
        }
    }

    private void spoil(Workspace.Slot slot, ElementType each, int rows, int cols) {
        Matrix scratch;
        try {
            scratch = workspace.get(slot, each, rows, cols);
        } catch (IllegalStateException notReserved) {
            return;
        }
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) scratch.set(i, j, Double.NaN);
        }
    }

    @Override
    public void close() {
        arena.close();
    }

    /** Symmetric from the lower triangle, each entry rounded to {@code type}: what a root method sees of V. */
    static double[][] rounded(ElementType type, double[][] v) {
        double[][] seen = new double[v.length][v.length];
        for (int i = 0; i < v.length; i++) {
            for (int j = 0; j < v.length; j++) {
                double entry = v[Math.max(i, j)][Math.min(i, j)];
                seen[i][j] = type == ElementType.FLOAT32 ? (float) entry : entry;
            }
        }
        return seen;
    }

    /** QΛQᵀ with eigenvalues spread geometrically from 1/κ to 1. */
    static double[][] withCondition(int order, double condition, Random random) {
        double[][] q = Dense.orthogonal(order, random);
        double[][] scaled = new double[order][order];
        for (int i = 0; i < order; i++) {
            double value = order == 1 ? 1 : Math.pow(condition, -(double) i / (order - 1));
            for (int j = 0; j < order; j++) scaled[i][j] = value * q[i][j];
        }
        return Dense.times(Dense.transpose(q), scaled);
    }

    /** V of rank {@code rank}. */
    static double[][] ofRank(int order, int rank, Random random) {
        double[][] g = Dense.random(order, rank, random);
        return Dense.times(g, Dense.transpose(g));
    }

    /** (max(V, 0) + sI)^(−1/2) in float64, and λ_max in {@code largest[0]}. */
    static double[][] exact(Backend backend, double[][] v, Damping damping, double[] largest) {
        return function(backend, v, (lambda, top) -> {
            largest[0] = top;
            return damping.inverseRoot(lambda, top, 0, 1);
        });
    }

    /** f(V) in float64 for an f ≥ 0 of an eigenvalue and λ_max. */
    static double[][] function(Backend backend, double[][] v, DoubleBinaryOperator f) {
        int n = v.length;
        try (Arena arena = Arena.ofConfined()) {
            Matrix q = backend.allocate(arena, ElementType.FLOAT64, n, n);
            Matrix lambda = backend.allocate(arena, ElementType.FLOAT64, 1, n);
            Matrix p = backend.allocate(arena, ElementType.FLOAT64, n, n);
            Dense.set(q, v);
            backend.eigh(q, lambda, backend.eighWorkspace(arena, ElementType.FLOAT64, n));
            double top = lambda.get(0, n - 1);
            for (int i = 0; i < n; i++) lambda.set(0, i, Math.sqrt(f.applyAsDouble(lambda.get(0, i), top)));
            backend.scaleRows(lambda, q);
            backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, q, q, 0, p);
            return Dense.of(p);
        }
    }

    /** ‖PVP − I‖_F/√k. */
    static double residual(double[][] p, double[][] v) {
        double[][] pvp = Dense.times(p, Dense.times(v, p));
        return Dense.norm(Dense.plus(pvp, -1, Dense.identity(v.length))) / Math.sqrt(v.length);
    }
}
