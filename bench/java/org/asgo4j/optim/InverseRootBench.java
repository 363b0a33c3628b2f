// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The time of each root method on one BLAS thread, and its accuracy on the same matrix: ‖I − P(V+sI)P‖_F/√k with V
 * before it is rounded to float32, and the same for the V that was rounded. A matrix that the method refuses has no
 * result. Warm methods start from the root of a V one
 * step of β₂ = 0.95 away.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 1, time = 2) // one: counters of events are summed over iterations
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
            "-XX:-TieredCompilation"})
public class InverseRootBench {
    private static final long SEED = 1;
    private static final double WARM_BETA2 = 0.95;
    private static final int RANK_DIVISOR = 4;

    /** (1 + 20 %)² − 1, rounded up. */
    private static final double APPROXIMATE = 0.5;

    /** The six methods. */
    @Param({"EIGEN", "TRIDIAGONAL", "ZOLOTAREV", "POLAR_EXPRESS", "NEWTON", "QR"})
    public String method;

    /** Of V and the root. */
    @Param({"FLOAT32"})
    public String precision;

    /** 128 is the training job's, 768 GPT-2 small's. */
    @Param({"128", "768"})
    public int order;

    /** Eigenvalues spread geometrically from 1/κ to 1; or three quarters of them zero. */
    @Param({"1", "1e2", "1e4", "1e5", "1e6", "1e8", "1e10", "deficient"})
    public String condition;

    /** δ of the relative damping, s = δ·λ_max. */
    @Param({"0", "1e-6"})
    public String damping;

    private Arena arena;
    private Backend backend;
    private Matrix exact; //  V in float64
    private Matrix before; // V one step before
    private Matrix gram; //   V as the method gets it
    private Matrix root;
    private InverseRoot inverseRoot;
    private Workspace workspace;
    private final RootReport report = new RootReport();
    private double residual;
    private double residualOfRounded;

    /** The accuracy, beside the time. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Accuracy {
        /** ‖I − P(V+sI)P‖_F/√k. */
        public double residual;

        /** The same with V as it was rounded. */
        public double residualOfRounded;
    }

    /** Makes V, and roots it once. */
    @Setup(Level.Trial)
    public void setUp() {
        arena = Arena.ofShared();
        backend = Backends.open();
        ElementType type = ElementType.valueOf(precision);
        exact = backend.allocate(arena, ElementType.FLOAT64, order, order);
        gram = backend.allocate(arena, type, order, order);
        before = backend.allocate(arena, type, order, order);
        root = backend.allocate(arena, order, order);
        fill();
        var config = AsgoConfig.published()
                .withRoot(new Root(RootMethod.valueOf(method), type, Damping.relative(Double.parseDouble(damping))));
        inverseRoot = InverseRoots.of(backend, arena, config, gram);
        workspace = new Workspace(backend);
        inverseRoot.reserve(workspace);
        workspace.allocate(arena);
        inverseRoot.compute(before, 1, root, report, workspace);
        inverseRoot.compute(gram, 1, root, report, workspace);
        residual = residual(exact);
        residualOfRounded = residual(Symmetric.full(backend, arena, gram));
        if (!(residual <= largestResidual())) {
            throw new IllegalStateException("the root by %s is off by %.2e, at most %.2e expected"
                    .formatted(method, residual, largestResidual()));
        }
    }

    /**
     * What rounding V and its root may cost, k·u·κ(V + sI), and the method's own error: a singular value of P(V+sI)^½
     * is within 20 % of 1 by Zolotarev's function, and QR's basis is one step old.
     */
    private double largestResidual() {
        double kappa = condition.equals("deficient") ? Double.POSITIVE_INFINITY : Double.parseDouble(condition);
        double damped = Math.min(kappa, 1 / Double.parseDouble(damping));
        boolean exactly = !method.equals("ZOLOTAREV") && !method.equals("QR");
        return (exactly ? 0 : APPROXIMATE) + order * ElementType.FLOAT32.unitRoundoff() * damped;
    }

    private void fill() {
        var random = new Random(SEED);
        Matrix q = backend.allocate(arena, ElementType.FLOAT64, order, order);
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) q.set(i, j, random.nextGaussian());
        }
        backend.orthonormalize(q, backend.eighWorkspace(arena, ElementType.FLOAT64, order));
        Matrix factors = backend.allocate(arena, ElementType.FLOAT64, 1, order);
        for (int i = 0; i < order; i++) {
            double eigenvalue = condition.equals("deficient")
                    ? (i % RANK_DIVISOR == 0 ? 1 : 0)
                    : Math.pow(Double.parseDouble(condition), -(double) i / (order - 1));
            factors.set(0, i, Math.sqrt(eigenvalue));
        }
        backend.scaleRows(factors, q);
        backend.syrk(Transpose.TRANSPOSED, 1, q, 0, exact);
        // A symmetric change of 5 % in the same range: V of the step before.
        Matrix turned = backend.allocate(arena, ElementType.FLOAT64, order, order);
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) {
                turned.set(i, j, Math.sqrt(WARM_BETA2) * q.get(i, j)
                        + Math.sqrt(1 - WARM_BETA2) * q.get((i + 1) % order, j));
            }
        }
        Matrix old = backend.allocate(arena, ElementType.FLOAT64, order, order);
        backend.syrk(Transpose.TRANSPOSED, 1, turned, 0, old);
        backend.copy(exact, gram);
        backend.copy(old, before);
    }

    private double residual(Matrix v) {
        try (Arena scratch = Arena.ofConfined()) {
            Matrix damped = Symmetric.full(backend, scratch, v);
            backend.addToDiagonal(Double.parseDouble(damping), damped); // λ_max is 1
            Matrix p = Symmetric.full(backend, scratch, root);
            Matrix pv = backend.allocate(scratch, ElementType.FLOAT64, order, order);
            Matrix pvp = backend.allocate(scratch, ElementType.FLOAT64, order, order);
            backend.gemm(Transpose.NONE, Transpose.NONE, 1, p, damped, 0, pv);
            backend.gemm(Transpose.NONE, Transpose.NONE, 1, pv, p, 0, pvp);
            return Math.sqrt(backend.squaredDistanceFromIdentity(pvp) / order);
        }
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        arena.close();
        backend.close();
    }

    /** P ← (V + sI)^(−1/2), alternating between V and the one a step before, so that a warm start has work to do. */
    @Benchmark
    public void compute(Accuracy accuracy) {
        accuracy.residual = residual;
        accuracy.residualOfRounded = residualOfRounded;
        Matrix next = before;
        before = gram;
        gram = next;
        inverseRoot.compute(next, 1, root, report, workspace);
    }
}
