// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Damping;
import org.asgo4j.optim.GramSource;
import org.asgo4j.optim.Root;
import org.asgo4j.optim.RootMethod;

/**
 * What a training changes of an {@link AsgoConfig}; everything else stays as it is configured.
 *
 * @param beta1 decay of the momentum, in [0, 1)
 * @param beta2 decay of the gram matrix, and of the second moment under eigenvalue correction; in [0, 1)
 * @param nesterov whether the momentum looks ahead
 * @param gramSource what the gram matrix gathers
 * @param root how roots are taken; without it, what is configured if that goes with the other changes, else by
 *     {@link RootMethod#EIGEN}, which goes with all of them
 * @param precision of the gram matrix and its root
 * @param damping what keeps roots of small eigenvalues finite
 * @param refresh when roots are taken
 * @param eigenvalueCorrection whether the eigenvalues are replaced by a second moment in the eigenbasis
 */
public record AsgoChanges(
        Optional<Double> beta1,
        Optional<Double> beta2,
        Optional<Boolean> nesterov,
        Optional<GramSource> gramSource,
        Optional<RootMethod> root,
        Optional<ElementType> precision,
        Optional<Damping> damping,
        Optional<RefreshChoice> refresh,
        Optional<Boolean> eigenvalueCorrection) {

    /** What a configuration's messages name as Java does. */
    private static final List<Enum<?>> IN_MESSAGES = Stream.of(
            RootMethod.values(), ElementType.values(), GramSource.values(), Damping.Kind.values())
            .<Enum<?>>flatMap(Stream::of)
            .toList();

    /** No change. */
    public static final AsgoChanges NONE = parse(Map.of());

    /** Checks the decays. */
    public AsgoChanges {
        beta1.ifPresent(value -> checkDecay("--beta1", value));
        beta2.ifPresent(value -> checkDecay("--beta2", value));
    }

    /**
     * Reads changes from the texts of options.
     *
     * @param options by the names of {@code train}'s options without the hyphens in front: {@code beta1}, {@code
     *     beta2}, {@code nesterov}, {@code gram-source}, {@code root}, {@code precision}, {@code damping}, {@code
     *     refresh}, {@code eigenvalue-correction}; others are not looked at
     * @throws IllegalArgumentException if a text can't be read; the message names the option
     */
    public static AsgoChanges parse(Map<String, String> options) {
        var texts = new OptionTexts(options);
        return new AsgoChanges(
                texts.number("beta1"),
                texts.number("beta2"),
                texts.truth("nesterov"),
                texts.choice("gram-source", Arrays.asList(GramSource.values())),
                texts.choice("root", Arrays.asList(RootMethod.values())),
                texts.choice("precision", Arrays.asList(ElementType.values())),
                texts.read("damping", DampingText::parse),
                texts.read("refresh", RefreshChoice::parse),
                texts.truth("eigenvalue-correction"));
    }

    /** What {@link #parse} reads. */
    public Map<String, String> texts() {
        return new OptionTexts(new LinkedHashMap<>())
                .with("beta1", beta1, String::valueOf)
                .with("beta2", beta2, String::valueOf)
                .with("nesterov", nesterov, String::valueOf)
                .with("gram-source", gramSource, Choice::name)
                .with("root", root, Choice::name)
                .with("precision", precision, Choice::name)
                .with("damping", damping, DampingText::of)
                .with("refresh", refresh, RefreshChoice::label)
                .with("eigenvalue-correction", eigenvalueCorrection, String::valueOf)
                .values();
    }

    /**
     * A configuration with these changes, made at once: some go together that don't go with what was configured.
     *
     * @param steps of the whole training, which some refresh policies depend on
     * @throws IllegalArgumentException if they don't go together; the message lists them
     */
    public AsgoConfig over(AsgoConfig base, int steps) {
        try {
            var newRoot = new Root(
                    method(base.root()),
                    precision.orElse(base.root().precision()),
                    damping.orElse(base.root().damping()));
            return new AsgoConfig(
                    beta1.orElse(base.beta1()),
                    nesterov.orElse(base.nesterov()),
                    beta2.orElse(base.beta2()),
                    gramSource.orElse(base.gramSource()),
                    base.accumulation(),
                    newRoot,
                    refresh.map(choice -> choice.over(steps)).orElse(base.refresh()),
                    eigenvalueCorrection.orElse(base.eigenvalueCorrection()),
                    base.side(),
                    base.sizeLimit(),
                    base.scaling());
        } catch (IllegalArgumentException e) {
            String options = texts().entrySet().stream()
                    .map(option -> "--" + option.getKey() + " " + option.getValue())
                    .collect(Collectors.joining(" "));
            throw new IllegalArgumentException(options + ": " + Choice.named(e.getMessage(), IN_MESSAGES), e);
        }
    }

    /** These changes with a root. */
    AsgoChanges withRoot(RootMethod method) {
        return new AsgoChanges(
                beta1, beta2, nesterov, gramSource, Optional.of(method), precision, damping, refresh,
                eigenvalueCorrection);
    }

    private RootMethod method(Root base) {
        boolean eigenOnly = refresh.filter(RefreshChoice::needsBasis).isPresent()
                || eigenvalueCorrection.orElse(false)
                || precision.filter(type -> type == ElementType.FLOAT64).isPresent()
                || damping.filter(AsgoChanges::cutsOff).isPresent();
        return root.orElse(eigenOnly ? RootMethod.EIGEN : base.method());
    }

    /** Whether it is more than a multiple of the identity added to the gram matrix. */
    private static boolean cutsOff(Damping damping) {
        return damping.kind() == Damping.Kind.PSEUDO_INVERSE || damping.kind() == Damping.Kind.OUTSIDE_ROOT;
    }

    /** Refuses what is no decay. */
    static void checkDecay(String option, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException("%s must be in [0, 1), got %s".formatted(option, value));
        }
    }
}
