package org.asgo4j.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.Schedule;

/**
 * An optimizer to train with, and how it is routed, at one learning rate with the published schedule:
 *
 * <ul>
 *   <li>ASGO as its published code routes: 1-D parameters and embeddings go to AdamW (β 0.9/0.95, no decay), all other
 *       weights to ASGO with decay 0.1.
 *   <li>AdamW as nanoGPT's character-level configuration has it: β 0.9/0.99, decay 0.1 for everything but 1-D
 *       parameters.
 * </ul>
 *
 * @param algorithm the rule for the matrices
 * @param learningRate the peak η
 */
public record OptimizerChoice(Algorithm algorithm, float learningRate) {

    /** nanoGPT raises β₂ to 0.99 for characters, because a step sees few tokens. */
    private static final AdamWConfig NANO_GPT = AdamWConfig.published().withBeta2(0.99);

    /** The rules a training can choose, with the learning rate that is its default. */
    public enum Algorithm {
        /** ASGO as published. */
        ASGO(AsgoConfig.PUBLISHED_LEARNING_RATE),
        /** AdamW; 6e-3 is the best of five rates measured on tiny Shakespeare. */
        ADAMW(6e-3f);

        private final float defaultLearningRate;

        Algorithm(float defaultLearningRate) {
            this.defaultLearningRate = defaultLearningRate;
        }

        /** The learning rate if none is given. */
        public float defaultLearningRate() {
            return defaultLearningRate;
        }

        /** The name in options and files: lower case. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * The algorithm of this name.
         *
         * @throws IllegalArgumentException if there is none; the message lists those there are
         */
        public static Algorithm parse(String label) {
            for (Algorithm algorithm : values()) {
                if (algorithm.label().equals(label)) return algorithm;
            }
            List<String> labels = new ArrayList<>();
            for (Algorithm algorithm : values()) labels.add(algorithm.label());
            throw new IllegalArgumentException(
                    "unknown optimizer '%s'; there are %s".formatted(label, String.join(", ", labels)));
        }

        private boolean takes(GptParameter p) {
            return !p.vector() && (this == ADAMW || !p.name().contains("emb"));
        }

        private Rule rule() {
            return switch (this) {
                case ASGO -> new Asgo(AsgoConfig.published());
                case ADAMW -> new AdamW(NANO_GPT);
            };
        }

        /** For the parameters that the rule does not take. */
        private Rule otherRule() {
            return new AdamW(this == ADAMW ? NANO_GPT : AdamWConfig.published());
        }
    }

    /** Checks the learning rate. */
    public OptimizerChoice {
        if (!(learningRate > 0 && learningRate < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "learning rate of %s must be finite and positive, got %s"
                            .formatted(algorithm.label(), learningRate));
        }
    }

    /** The groups of a model's parameters under this choice. */
    List<ParameterGroup> groups(GptParameters model, int steps) {
        Schedule schedule = Schedule.published(learningRate, steps);
        List<Parameter> taken = new ArrayList<>();
        List<Parameter> others = new ArrayList<>();
        for (GptParameter p : model.all()) {
            (algorithm.takes(p) ? taken : others).add(Parameter.of(p.name(), p.weight(), p.gradient()));
        }
        return List.of(
                new ParameterGroup(algorithm.label(), algorithm.rule(), schedule,
                        AsgoConfig.PUBLISHED_WEIGHT_DECAY, taken),
                new ParameterGroup("others", algorithm.otherRule(), schedule, 0, others));
    }
}
