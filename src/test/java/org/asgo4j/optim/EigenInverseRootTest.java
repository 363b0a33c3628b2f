// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * ‖PVP − I‖ of the eigendecomposition's root against the condition number; eigenvectors themselves are never compared.
 */
class EigenInverseRootTest {
    private static final long SEED = 4711;
    private static final int ORDER = 24;
    private final Backend backend = Backends.open(BackendName.OPENBLAS);

    @ParameterizedTest
    @CsvSource({"FLOAT32,1", "FLOAT32,1e2", "FLOAT32,1e4", "FLOAT64,1", "FLOAT64,1e4", "FLOAT64,1e8", "FLOAT64,1e10"})
    void invertsTheGramMatrix(ElementType precision, double condition) {
        double[][] v = withCondition(condition);
        double[][] stored = new double[ORDER][ORDER];
        double[][] p = root(v, precision, Damping.relative(0), stored);
        double[][] pvp = Dense.times(p, Dense.times(stored, p));
        double error = Dense.norm(Dense.plus(pvp, -1, Dense.identity(ORDER)));
        // An eigenvalue is off by k·u·λ_max, the smallest by k·u·κ of itself; P is rounded to float32 in either case,
        // and an element error of u·‖P‖ enters PVP multiplied by ‖V^(1/2)‖ at most.
        double tolerance = ORDER * (precision.unitRoundoff() * condition
                + ElementType.FLOAT32.unitRoundoff() * Math.sqrt(condition));
        assertTrue(error < 4 * tolerance, () -> "‖PVP−I‖ = " + error + ", tolerance " + 4 * tolerance + ", seed="
                + SEED);
    }

    @ParameterizedTest
    @EnumSource(Damping.Kind.class)
    void rankDeficientGramMatricesGiveBoundedRoots(Damping.Kind kind) {
        double[][] g = Dense.random(ORDER, 3, new Random(SEED));
        double[][] v = Dense.times(g, Dense.transpose(g));
        double[][] p = root(v, ElementType.FLOAT32, new Damping(kind, 1e-6), new double[ORDER][ORDER]);
        double[] values = Dense.eigenvalues(p);
        double largestV = Dense.eigenvalues(v)[ORDER - 1];
        // 1/√(smallest damped eigenvalue): at worst the rounding floor k·u·λ_max for ABSOLUTE, about 1e-6 for the
        // others.
        double floor = Math.min(1e-6, ORDER * ElementType.FLOAT32.unitRoundoff()) * largestV;
        double bound = kind == Damping.Kind.OUTSIDE_ROOT ? 1 / 1e-6 : 1 / Math.sqrt(floor);
        assertTrue(values[ORDER - 1] <= bound * 1.001, () -> "largest eigenvalue of P " + values[ORDER - 1] + " > "
                + bound);
        assertTrue(values[0] >= -bound * ORDER * ElementType.FLOAT32.unitRoundoff(), () -> "P is not semidefinite: "
                + values[0]);
    }

    /** V = 4·I of order 2, found as 9·I. */
    @Test
    void whatABatchHasFoundIsTakenOverOnceUnlessItIsForgotten() {
        var inverseRoot = new EigenInverseRoot(backend, Damping.relative(0), ElementType.FLOAT32, 2);
        try (Arena arena = Arena.ofConfined()) {
            Matrix gram = backend.allocate(arena, 2, 2);
            Matrix root = backend.allocate(arena, 2, 2);
            Dense.set(gram, new double[][] {{4, 0}, {0, 4}});
            var workspace = new Workspace(backend);
            inverseRoot.reserve(workspace);
            workspace.allocate(arena);
            for (boolean forgotten : new boolean[] {false, true}) {
                Matrix vectors = backend.allocate(arena, 2, 2);
                Matrix eigenvalues = backend.allocate(arena, 1, 2);
                Dense.set(vectors, Dense.identity(2));
                Dense.set(eigenvalues, new double[][] {{9, 9}});
                inverseRoot.found(vectors, eigenvalues);
                if (forgotten) inverseRoot.forget();
                inverseRoot.compute(gram, 1, root, new RootReport(), workspace);
                assertEquals(forgotten ? 1 / 2.0 : 1 / 3.0, root.get(1, 1), 4 * ElementType.FLOAT32.unitRoundoff());
                inverseRoot.compute(gram, 1, root, new RootReport(), workspace);
                assertEquals(1 / 2.0, root.get(1, 1), 4 * ElementType.FLOAT32.unitRoundoff());
            }
        }
    }

    /** QΛQᵀ with eigenvalues spread geometrically from 1/κ to 1. */
    private static double[][] withCondition(double condition) {
        double[][] q = Dense.orthogonal(ORDER, new Random(SEED));
        double[][] scaled = new double[ORDER][ORDER];
        for (int i = 0; i < ORDER; i++) {
            double value = Math.pow(condition, -(double) i / (ORDER - 1));
            for (int j = 0; j < ORDER; j++) scaled[i][j] = value * q[i][j];
        }
        return Dense.times(Dense.transpose(q), scaled);
    }

    /**
     * P of V rounded to {@code precision}; the rounded V, made symmetric from its lower triangle, goes to {@code
     * stored}.
     */
    private double[][] root(double[][] v, ElementType precision, Damping damping, double[][] stored) {
        var inverseRoot = new EigenInverseRoot(backend, damping, precision, ORDER);
        try (Arena arena = Arena.ofConfined()) {
            Matrix gram = backend.allocate(arena, precision, ORDER, ORDER);
            Matrix root = backend.allocate(arena, ORDER, ORDER);
            Dense.set(gram, v);
            var workspace = new Workspace(backend);
            inverseRoot.reserve(workspace);
            workspace.allocate(arena);
            inverseRoot.compute(gram, 1, root, new RootReport(), workspace);
            double[][] p = new double[ORDER][ORDER];
            for (int i = 0; i < ORDER; i++) {
                for (int j = 0; j < ORDER; j++) {
                    p[i][j] = root.get(Math.max(i, j), Math.min(i, j));
                    stored[i][j] = gram.get(Math.max(i, j), Math.min(i, j));
                }
            }
            return p;
        }
    }
}
