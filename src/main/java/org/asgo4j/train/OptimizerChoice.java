// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Dasgo;
import org.asgo4j.optim.DasgoConfig;
import org.asgo4j.optim.Lion;
import org.asgo4j.optim.LionConfig;
import org.asgo4j.optim.Muon;
import org.asgo4j.optim.MuonConfig;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.RootMethod;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.Sgd;
import org.asgo4j.optim.SgdConfig;
import org.asgo4j.optim.Shampoo;
import org.asgo4j.optim.ShampooConfig;
import org.asgo4j.optim.Soap;
import org.asgo4j.optim.SoapConfig;

/**
 * An optimizer to train with, how it is configured, and how it is routed:
 *
 * <ul>
 *   <li>Rules for matrices as the published ASGO code routes: 1-D parameters and embeddings go to AdamW (β 0.9/0.95, no
 *       decay; beside {@code asgo} β 0.9/0.99), all other weights to the rule with its decay. Both have the same
 *       learning rate unless the changes say otherwise.
 *   <li>AdamW, SGD and Lion take everything, with no decay for 1-D parameters. AdamW is set as in nanoGPT's
 *       character-level configuration: β 0.9/0.99, decay 0.1.
 * </ul>
 *
 * @param algorithm the rule
 * @param learningRate the peak η
 * @param asgoChanges what differs from the algorithm's configuration; for the variants of ASGO only
 * @param groupChanges what differs from its routing; those of other parameters for rules that leave some over only
 */
public record OptimizerChoice(
        Algorithm algorithm, float learningRate, AsgoChanges asgoChanges, GroupChanges groupChanges) {

    /** What the name {@code asgo} stands for. */
    private static final AsgoConfig ASGO = AsgoConfig.defaults();

    /** nanoGPT raises β₂ to 0.99 for characters, because a step sees few tokens. */
    private static final AdamWConfig NANO_GPT = AdamWConfig.published().withBeta2(0.99);

    /** What the ASGO code gives AdamW as a baseline, and nanoGPT too. */
    static final float ADAMW_WEIGHT_DECAY = 0.1f;

    /** As is usual with SGD since AlexNet. */
    private static final float SGD_WEIGHT_DECAY = 5e-4f;

    /** Ten times AdamW's at a tenth of its learning rate (Chen et al., arXiv 2302.06675, section 5). */
    private static final float LION_WEIGHT_DECAY = 1;

    /** The rules a training can choose, with the learning rate that is the default of each. */
    public enum Algorithm {
        /** ASGO as this library recommends it. */
        ASGO(AsgoConfig.PUBLISHED_LEARNING_RATE, AsgoConfig.PUBLISHED_WEIGHT_DECAY),
        /** ASGO as published. */
        ASGO_PUBLISHED(AsgoConfig.PUBLISHED_LEARNING_RATE, AsgoConfig.PUBLISHED_WEIGHT_DECAY),
        /** AdamW; 6e-3 is the best of five rates measured on tiny Shakespeare. */
        ADAMW(6e-3f, ADAMW_WEIGHT_DECAY),
        /** DASGO as published with ASGO. */
        DASGO(DasgoConfig.PUBLISHED_LEARNING_RATE, DasgoConfig.PUBLISHED_WEIGHT_DECAY),
        /** Muon as the ASGO code has it for its baseline. */
        MUON(MuonConfig.PUBLISHED_LEARNING_RATE, MuonConfig.PUBLISHED_WEIGHT_DECAY),
        /** Muon with Nesterov's look-ahead, as its author has it. */
        MUON_NESTEROV(MuonConfig.PUBLISHED_LEARNING_RATE, MuonConfig.PUBLISHED_WEIGHT_DECAY),
        /** Two-sided Shampoo as the ASGO code has it for its baseline. */
        SHAMPOO(ShampooConfig.PUBLISHED_LEARNING_RATE, ShampooConfig.PUBLISHED_WEIGHT_DECAY),
        /** SOAP as published. */
        SOAP(SoapConfig.PUBLISHED_LEARNING_RATE, SoapConfig.PUBLISHED_WEIGHT_DECAY),
        /** Stochastic gradient descent with momentum 0.9; 0.1 is the rate most trainings with it start from. */
        SGD(0.1f, SGD_WEIGHT_DECAY),
        /** Lion; a tenth of AdamW's rate, as its paper advises. */
        LION(6e-4f, LION_WEIGHT_DECAY);

        private final float defaultLearningRate;
        private final float weightDecay;

        Algorithm(float defaultLearningRate, float weightDecay) {
            this.defaultLearningRate = defaultLearningRate;
            this.weightDecay = weightDecay;
        }

        /** The learning rate if none is given. */
        public float defaultLearningRate() {
            return defaultLearningRate;
        }

        /** The name in options and files, such as {@code asgo-published}. */
        public String label() {
            return Choice.name(this);
        }

        /** Whether it is a variant of ASGO, which has roots to configure. */
        public boolean isAsgo() {
            return this == ASGO || this == ASGO_PUBLISHED;
        }

        /**
         * The algorithm of this name.
         *
         * @throws IllegalArgumentException if there is none; the message lists those there are
         */
        public static Algorithm parse(String label) {
            List<String> labels = new ArrayList<>();
            for (Algorithm algorithm : values()) {
                if (algorithm.label().equals(label)) return algorithm;
                labels.add(algorithm.label());
            }
            throw new IllegalArgumentException(
                    "unknown optimizer '%s'; there are %s".formatted(label, String.join(", ", labels)));
        }

        /** Whether it takes embeddings and 1-D parameters too; other rules leave them to AdamW. */
        public boolean takesEverything() {
            return this == ADAMW || this == SGD || this == LION;
        }

        private boolean takes(GptParameter p) {
            return !p.vector() && (takesEverything() || !p.name().contains("emb"));
        }
    }

    /** Checks the learning rate, and that the changes are for this algorithm and go together. */
    public OptimizerChoice {
        if (!(learningRate > 0 && learningRate < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "learning rate of %s must be finite and positive, got %s"
                            .formatted(algorithm.label(), learningRate));
        }
        if (algorithm.isAsgo()) {
            asgoChanges.over(asgo(algorithm), 1);
        } else if (!asgoChanges.equals(AsgoChanges.NONE)) {
            throw new IllegalArgumentException("%s are for variants of asgo, not for %s"
                    .formatted(asgoChanges.texts().keySet(), algorithm.label()));
        }
        if (algorithm.takesEverything() && groupChanges.concernOthers()) {
            throw new IllegalArgumentException(
                    "%s takes embeddings and vectors itself, no other optimizer can be configured for them"
                            .formatted(algorithm.label()));
        }
    }

    /** A choice with everything as the algorithm has it. */
    public OptimizerChoice(Algorithm algorithm, float learningRate) {
        this(algorithm, learningRate, AsgoChanges.NONE, GroupChanges.NONE);
    }

    /** A choice with the changes that {@link AsgoChanges#parse} and {@link GroupChanges#parse} find among options. */
    static OptimizerChoice of(Algorithm algorithm, float learningRate, Map<String, String> options) {
        return new OptimizerChoice(
                algorithm, learningRate, AsgoChanges.parse(options), GroupChanges.parse(options));
    }

    /**
     * This choice for a training that begins on a backend: {@code asgo} with the root that {@link
     * AsgoConfig#defaults(BackendName)} has there, unless it was chosen or does not go with the other changes. It is
     * written down as if it had been chosen, so that a training goes on with it on any backend.
     */
    OptimizerChoice on(BackendName backend) {
        AsgoConfig suited = AsgoConfig.defaults(backend);
        if (algorithm != Algorithm.ASGO || suited.equals(ASGO) || asgoChanges.root().isPresent()) return this;
        RootMethod method = asgoChanges.over(suited, 1).root().method();
        return new OptimizerChoice(algorithm, learningRate, asgoChanges.withRoot(method), groupChanges);
    }

    /** The changes as {@link #of} reads them. */
    Map<String, String> options() {
        Map<String, String> all = new LinkedHashMap<>(asgoChanges.texts());
        all.putAll(groupChanges.texts());
        return all;
    }

    /** The rule in a training of so many steps. */
    Rule rule(int steps) {
        return switch (algorithm) {
            case ASGO, ASGO_PUBLISHED -> new Asgo(asgoChanges.over(asgo(algorithm), steps));
            case ADAMW -> new AdamW(NANO_GPT);
            case DASGO -> new Dasgo(DasgoConfig.published());
            case MUON -> new Muon(MuonConfig.published());
            case MUON_NESTEROV -> new Muon(MuonConfig.published().withNesterov(true));
            case SHAMPOO -> new Shampoo(ShampooConfig.published());
            case SOAP -> new Soap(SoapConfig.published());
            case SGD -> new Sgd(SgdConfig.common());
            case LION -> new Lion(LionConfig.published());
        };
    }

    private static AsgoConfig asgo(Algorithm algorithm) {
        return algorithm == Algorithm.ASGO ? ASGO : AsgoConfig.published();
    }

    /** For the parameters that the rule does not take, or takes without decay. */
    private Rule otherRule(int steps) {
        if (algorithm.takesEverything()) return rule(steps);
        AdamWConfig config = algorithm == Algorithm.ASGO ? NANO_GPT : AdamWConfig.published();
        return new AdamW(config.withBeta2(groupChanges.othersBeta2().orElse(config.beta2())));
    }

    private float weightDecay() {
        return groupChanges.weightDecay().orElse(algorithm.weightDecay);
    }

    /** The groups of a model's parameters under this choice. */
    List<ParameterGroup> groups(GptParameters model, ScheduleShape shape, int steps) {
        List<Parameter> taken = new ArrayList<>();
        List<Parameter> others = new ArrayList<>();
        for (GptParameter p : model.all()) {
            (algorithm.takes(p) ? taken : others).add(Parameter.of(p.name(), p.weight(), p.gradient()));
        }
        float othersPeak = groupChanges.othersLearningRate().orElse(learningRate);
        return List.of(
                new ParameterGroup(algorithm.label(), rule(steps), shape.of(learningRate, steps), weightDecay(), taken),
                new ParameterGroup("others", otherRule(steps), shape.of(othersPeak, steps), 0, others));
    }

    /**
     * All that this choice sets, for people and for comparing: the hyper-parameters of both groups as the records print
     * them, and the decay.
     */
    String describe(int steps) {
        String othersRate =
                groupChanges.othersLearningRate().map(rate -> " at learning rate " + rate).orElse("");
        return "%s, weight decay %s; others %s%s, no decay".formatted(
                config(rule(steps)), weightDecay(), config(otherRule(steps)), othersRate);
    }

    private static Record config(Rule rule) {
        return switch (rule) {
            case Asgo r -> r.config();
            case AdamW r -> r.config();
            case Dasgo r -> r.config();
            case Muon r -> r.config();
            case Shampoo r -> r.config();
            case Soap r -> r.config();
            case Sgd r -> r.config();
            case Lion r -> r.config();
        };
    }
}
