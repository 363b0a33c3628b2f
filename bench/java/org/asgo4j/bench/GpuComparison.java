// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.DeviceException;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.RootMethod;
import org.asgo4j.optim.RuleState;

/**
 * Steps of one set of weights on a GPU, each answer verified before it is timed, and their floor: the same products and
 * nothing else, by the same calls of cuBLAS. In turn in one JVM; {@code bench/gpu/published_step.py} writes the same
 * lines for the published code.
 *
 * <pre>
 * GpuComparison SET [ROUNDS]
 * </pre>
 *
 * <p>It prints {@code set,implementation,round,milliseconds} for each sample, and behind {@code #} what it ran on, and
 * at the end each median with the share of the floor that it reaches.
 */
public final class GpuComparison {
    private static final int ROUNDS = 10;
    private static final int WARM_UP = 3;
    private static final double NANOS_PER_MILLI = 1e6;

    /** Long enough for many steps of a small set. */
    private static final long SAMPLE_NANOS = 100_000_000;

    private static final double RMS = 0.2;

    /** Each rounds, and the errors of all may add up. */
    private static final int PRODUCTS_OF_POLAR_EXPRESS = 37;

    /** δ of the defaults moves the singular values of the first update by at most δκ/2. */
    private static final double DAMPING = 1e-6;

    private final Backend backend = Backends.open(BackendName.CUDA);
    private final Arena arena = Arena.ofShared();
    private final Workers workers = new Workers(1);
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Map<String, Runnable> steps = new LinkedHashMap<>();
    private final Map<String, List<Double>> samples = new LinkedHashMap<>();
    private final String set;
    private final PrintStream out;

    private GpuComparison(String set, PrintStream out) {
        this.set = set;
        this.out = out;
    }

    /** Arguments: the set, as in {@link WeightSet}, and rounds. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 1) {
            System.err.println("usage: GpuComparison tiny|char-gpt|block|block-xl|N [ROUNDS]");
            System.exit(2);
        }
        try {
            run(arguments[0], arguments.length > 1 ? Integer.parseInt(arguments[1]) : ROUNDS, System.out);
        } catch (UnsatisfiedLinkError | DeviceException e) {
            System.err.println("GpuComparison: " + e.getMessage());
            System.exit(1);
        }
    }

    /** Verifies, measures, prints. */
    static void run(String set, int rounds, PrintStream out) throws Exception {
        var comparison = new GpuComparison(set, out);
        try {
            comparison.prepare();
            comparison.measure(rounds);
        } finally {
            comparison.close();
        }
    }

    private void prepare() {
        out.println("# " + backend.describe());
        AsgoConfig defaults = AsgoConfig.defaults(BackendName.CUDA);
        AsgoConfig published = AsgoConfig.published();
        for (RootMethod root : List.of(RootMethod.POLAR_EXPRESS, RootMethod.EIGEN)) {
            optimizer("defaults " + root, defaults.withRootMethod(root), false);
            optimizer("published " + root, published.withRootMethod(root), false);
        }
        optimizer("defaults POLAR_EXPRESS from this computer's memory", defaults, true);
        alone(defaults);
        var floor = new GpuFloor(backend, arena, new WeightSet(set, backend, arena).parameters());
        floor.verify();
        steps.put("floor by one product at a time", floor::plain);
        steps.put("floor by batched products", floor::batched);
    }

    private void optimizer(String name, AsgoConfig config, boolean onHost) {
        var weights = new WeightSet(set, backend, arena, onHost);
        Optimizer optimizer = WeightSet.optimizer(backend, workers, config, weights.parameters());
        open.addFirst(optimizer);
        optimizer.step();
        for (Parameter each : weights.parameters()) check(name, config, each);
        steps.put(name, optimizer::step);
    }

    /** The same weights, each by itself: what it gains to compute roots together. */
    private void alone(AsgoConfig config) {
        var weights = new WeightSet(set, backend, arena);
        Asgo rule = new Asgo(config);
        List<RuleState> states = weights.parameters().stream()
                .map(p -> rule.newState(backend, arena, p.weight().rows(), p.weight().cols())).toList();
        Runnable step = () -> {
            for (int i = 0; i < states.size(); i++) {
                Parameter each = weights.parameters().get(i);
                states.get(i).step(each.weight(), each.gradient(), WeightSet.LEARNING_RATE, WeightSet.WEIGHT_DECAY);
            }
        };
        step.run();
        for (Parameter each : weights.parameters()) check("alone", config, each);
        steps.put("defaults POLAR_EXPRESS each weight alone", step);
    }

    /**
     * The first update is the gradient's polar factor times 0.2·√max(m, n), so W of m ≤ n has WWᵀ = s·I with
     * s = (0.2η)²·n; damping and rounding leave k·u·κ.
     */
    private void check(String name, AsgoConfig config, Parameter parameter) {
        Matrix w = parameter.weight();
        boolean wide = w.rows() <= w.cols();
        int order = Math.min(w.rows(), w.cols());
        double length = RMS * WeightSet.LEARNING_RATE;
        try (Arena scratch = Arena.ofConfined()) {
            Matrix product = backend.allocateHost(scratch, order, order);
            backend.syrk(wide ? Transpose.NONE : Transpose.TRANSPOSED,
                    1 / (length * length * Math.max(w.rows(), w.cols())), w, 0, product);
            int products = config.root().method() == RootMethod.POLAR_EXPRESS ? PRODUCTS_OF_POLAR_EXPRESS : 0;
            double tolerance = ((order + products) * w.type().unitRoundoff() + DAMPING) * WeightSet.CONDITION;
            for (int i = 0; i < order; i++) {
                for (int j = 0; j <= i; j++) {
                    double off = Math.abs(product.get(i, j) - (i == j ? 1 : 0));
                    if (off <= tolerance) continue;
                    throw new IllegalStateException("%s: first step of '%s' is no polar factor: off by %.3g, not %.3g"
                            .formatted(name, parameter.name(), off, tolerance));
                }
            }
        }
    }

    /** Every other round the other way round, so that none always runs after the same one. */
    private void measure(int rounds) {
        for (Runnable step : steps.values()) {
            for (int i = 0; i < WARM_UP; i++) step.run();
        }
        List<String> names = new ArrayList<>(steps.keySet());
        for (int round = 0; round < rounds; round++) {
            for (String name : round % 2 == 0 ? names : names.reversed()) {
                double milliseconds = sample(steps.get(name));
                samples.computeIfAbsent(name, any -> new ArrayList<>()).add(milliseconds);
                out.printf(Locale.ROOT, "%s,%s,%d,%.4f%n", set, name, round, milliseconds);
            }
        }
        double floor = median("floor by batched products");
        out.println("# median ms per step, and the floor's share of it");
        for (String name : names) {
            out.printf(Locale.ROOT, "# %-55s %10.4f %6.0f %%%n", name, median(name), 100 * floor / median(name));
        }
    }

    private static double sample(Runnable step) {
        long start = System.nanoTime();
        long elapsed;
        int count = 0;
        do {
            step.run();
            count++;
            elapsed = System.nanoTime() - start;
        } while (elapsed < SAMPLE_NANOS);
        return elapsed / NANOS_PER_MILLI / count;
    }

    private double median(String name) {
        List<Double> sorted = samples.get(name).stream().sorted().toList();
        int count = sorted.size();
        return (sorted.get(count / 2) + sorted.get((count - 1) / 2)) / 2;
    }

    private void close() throws Exception {
        for (AutoCloseable each : open) each.close();
        workers.close();
        arena.close();
        backend.close();
    }
}
