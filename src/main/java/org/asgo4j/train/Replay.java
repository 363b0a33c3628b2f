// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.asgo4j.io.DType;
import org.asgo4j.io.JsonText;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.io.TensorInfo;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Damping;
import org.asgo4j.optim.Dasgo;
import org.asgo4j.optim.DasgoConfig;
import org.asgo4j.optim.Lion;
import org.asgo4j.optim.LionConfig;
import org.asgo4j.optim.Muon;
import org.asgo4j.optim.MuonConfig;
import org.asgo4j.optim.Root;
import org.asgo4j.optim.RootMethod;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.RuleState;
import org.asgo4j.optim.Sgd;
import org.asgo4j.optim.SgdConfig;
import org.asgo4j.optim.Shampoo;
import org.asgo4j.optim.ShampooConfig;
import org.asgo4j.optim.Soap;
import org.asgo4j.optim.SoapConfig;

/**
 * Steps one weight through the recorded gradients of a trajectory file and measures how far it ends from the recorded
 * weights.
 *
 * <p>The file holds {@code weight.0}, {@code gradient.1 … T}, {@code weight.1 … T} (another implementation's weights)
 * and possibly {@code exact.1 … T} (float64 ones), all rows×cols float32; its metadata names {@code optimizer}, {@code
 * steps} and {@code hyper}, a flat JSON object with lr, weight_decay and what the optimizer has of beta1, beta2 and
 * eps; for muon and sgd possibly nesterov.
 */
public final class Replay {
    private static final String ASGO = "asgo";

    private final Backend backend;
    private final Optional<RootMethod> rootMethod;
    private final Optional<ElementType> rootPrecision;
    private final OptionalDouble weightDecay;

    /**
     * What a replay ended with; a difference is ‖W_T − R_T‖_F / ‖R_T − W_0‖_F for recorded weights R.
     *
     * @param optimizer the rule's name
     * @param steps T
     * @param published the difference to {@code weight.T}, if the file has it
     * @param exact the difference to {@code exact.T}, if the file has it
     */
    public record Result(String optimizer, int steps, OptionalDouble published, OptionalDouble exact) {}

    /**
     * @param backend does the arithmetic
     * @param rootMethod how ASGO takes its root; by eigendecomposition if it is not given
     * @param rootPrecision of ASGO's gram matrix and root; float64 if it is not given
     * @param weightDecay replaces the file's weight_decay if present
     */
    public Replay(
            Backend backend,
            Optional<RootMethod> rootMethod,
            Optional<ElementType> rootPrecision,
            OptionalDouble weightDecay) {
        this.backend = backend;
        this.rootMethod = rootMethod;
        this.rootPrecision = rootPrecision;
        this.weightDecay = weightDecay;
    }

    /**
     * Replays {@code in} and writes {@code weight.0 … T} and the metadata to {@code out}.
     *
     * @throws IllegalArgumentException if the file is not a trajectory or malformed, or of an optimizer there is no
     *     rule for, or a root method or precision was given and it is not ASGO's
     * @throws IOException if a file can't be read or written
     */
    public Result run(Path in, Path out) throws IOException {
        try (Safetensors file = Safetensors.open(in);
                Arena arena = Arena.ofConfined()) {
            Map<String, String> hyper = JsonText.fields(required(file, in, "hyper"));
            String name = required(file, in, "optimizer");
            if (!name.equals(ASGO)) refuseRoot(in, name);
            Rule rule = rule(name, hyper);
            int steps = steps(required(file, in, "steps"));
            float learningRate = (float) hyper(hyper, "lr");
            float decay = (float) weightDecay.orElseGet(() -> hyper(hyper, "weight_decay"));

            Matrix start = read(file, in, arena, "weight.0", null);
            Matrix weight = backend.allocateHost(arena, start.rows(), start.cols());
            backend.copy(start, weight);
            RuleState state = rule.newState(backend, arena, start.rows(), start.cols());
            var writer = new SafetensorsWriter();
            file.metadata().forEach(writer::metadata);
            add(writer, "weight.0", start);
            for (int t = 1; t <= steps; t++) {
                state.step(weight, read(file, in, arena, "gradient." + t, start), learningRate, decay);
                Matrix copy = backend.allocateHost(arena, weight.rows(), weight.cols());
                backend.copy(weight, copy);
                add(writer, "weight." + t, copy);
            }
            writer.write(out);
            return new Result(
                    rule.name(),
                    steps,
                    difference(file, in, arena, "weight." + steps, weight, start),
                    difference(file, in, arena, "exact." + steps, weight, start));
        }
    }

    private void refuseRoot(Path in, String optimizer) {
        if (rootMethod.isEmpty() && rootPrecision.isEmpty()) return;
        throw new IllegalArgumentException("%s is for trajectories of %s, and %s is of %s".formatted(
                rootMethod.isPresent() ? "--root" : "--precision", ASGO, in, optimizer));
    }

    private Root root(double epsilon) {
        return new Root(
                rootMethod.orElse(RootMethod.EIGEN),
                rootPrecision.orElse(ElementType.FLOAT64),
                Damping.absolute(epsilon));
    }

    private Rule rule(String optimizer, Map<String, String> hyper) {
        return switch (optimizer) {
            case ASGO -> new Asgo(AsgoConfig.published()
                    .withBetas(hyper(hyper, "beta1"), hyper(hyper, "beta2"))
                    .withRoot(root(hyper(hyper, "eps"))));
            case "dasgo" -> new Dasgo(DasgoConfig.published()
                    .withBetas(hyper(hyper, "beta1"), hyper(hyper, "beta2"))
                    .withEpsilon(hyper(hyper, "eps")));
            case "muon" -> new Muon(
                    MuonConfig.published().withBeta1(hyper(hyper, "beta1")).withNesterov(nesterov(hyper)));
            case "shampoo" -> new Shampoo(ShampooConfig.published()
                    .withBetas(hyper(hyper, "beta1"), hyper(hyper, "beta2"))
                    .withDamping(Damping.absolute(hyper(hyper, "eps"))));
            case "soap" -> new Soap(SoapConfig.published()
                    .withBetas(hyper(hyper, "beta1"), hyper(hyper, "beta2"))
                    .withDamping(Damping.outsideRoot(hyper(hyper, "eps"))));
            case "adamw" -> new AdamW(
                    new AdamWConfig(hyper(hyper, "beta1"), hyper(hyper, "beta2"), hyper(hyper, "eps")));
            case "sgd" -> new Sgd(new SgdConfig(hyper(hyper, "beta1"), nesterov(hyper)));
            case "lion" -> new Lion(new LionConfig(hyper(hyper, "beta1"), hyper(hyper, "beta2")));
            default -> throw new IllegalArgumentException("the trajectory is of optimizer '" + optimizer
                    + "', replay knows asgo, dasgo, muon, shampoo, soap, adamw, sgd and lion");
        };
    }

    private static boolean nesterov(Map<String, String> hyper) {
        return switch (hyper.getOrDefault("nesterov", "false")) {
            case "true" -> true;
            case "false" -> false;
            case String other ->
                throw new IllegalArgumentException("nesterov must be true or false, got '%s'".formatted(other));
        };
    }

    private static double hyper(Map<String, String> hyper, String name) {
        String text = hyper.get(name);
        if (text == null) throw new IllegalArgumentException("hyper has no '" + name + "', only " + hyper.keySet());
        return number(name, text);
    }

    private static double number(String name, String text) {
        try {
            double value = Double.parseDouble(text);
            if (value >= 0 && value <= Float.MAX_VALUE) return value;
        } catch (NumberFormatException notANumber) {
            // the same message serves
        }
        throw new IllegalArgumentException("%s must be a number of at least 0, got '%s'".formatted(name, text));
    }

    private static int steps(String text) {
        try {
            int steps = Integer.parseInt(text);
            if (steps >= 1) return steps;
        } catch (NumberFormatException notAnInteger) {
            // the same message serves
        }
        throw new IllegalArgumentException("steps must be an integer of at least 1, got '%s'".formatted(text));
    }

    private static String required(Safetensors file, Path path, String key) {
        String value = file.metadata().get(key);
        if (value == null) {
            throw new IllegalArgumentException(
                    "%s is no trajectory: its metadata has no '%s', only %s"
                            .formatted(path, key, file.metadata().keySet()));
        }
        return value;
    }

    /** A tensor copied into aligned memory; {@code like} gives the shape it must have, if not null. */
    private Matrix read(Safetensors file, Path path, Arena arena, String name, Matrix like) {
        if (!file.contains(name)) {
            throw new IllegalArgumentException("%s is no trajectory: it has no tensor '%s'".formatted(path, name));
        }
        TensorInfo info = file.info(name);
        List<Long> shape = info.shape();
        boolean fits = info.dtype() == DType.F32
                && shape.size() == 2
                && shape.stream().allMatch(extent -> extent >= 1 && extent <= Integer.MAX_VALUE)
                && (like == null || shape.equals(List.of((long) like.rows(), (long) like.cols())));
        if (!fits) {
            throw new IllegalArgumentException("%s: tensor '%s' is %s %s, must be F32 %s"
                    .formatted(path, name, info.dtype(), shape, like == null ? "rows×cols" : like.shape()));
        }
        Matrix m = backend.allocateHost(arena, shape.get(0).intValue(), shape.get(1).intValue());
        MemorySegment.copy(
                file.tensor(name), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, m.segment(), ValueLayout.JAVA_FLOAT, 0,
                m.size());
        return m;
    }

    private static void add(SafetensorsWriter writer, String name, Matrix m) {
        writer.matrix(name, m.segment(), m.rows(), m.cols(), m.rowStride());
    }

    private OptionalDouble difference(Safetensors file, Path path, Arena arena, String name, Matrix end, Matrix start) {
        if (!file.contains(name)) return OptionalDouble.empty();
        Matrix recorded = read(file, path, arena, name, start);
        return OptionalDouble.of(distance(end, recorded) / distance(recorded, start));
    }

    private static double distance(Matrix a, Matrix b) {
        double sum = 0;
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < a.cols(); j++) {
                double d = a.get(i, j) - b.get(i, j);
                sum += d * d;
            }
        }
        return Math.sqrt(sum);
    }
}
