// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a training changes of how parameters are grouped and stepped beside an optimizer's own configuration.
 *
 * @param weightDecay decoupled decay λ of the weights that the optimizer decays, finite and at least 0
 * @param othersBeta2 decay of the second moment, in [0, 1), of the AdamW that takes embeddings and vectors beside a
 *     rule for matrices
 * @param othersLearningRate its peak learning rate, finite and positive; otherwise that of the matrices
 */
public record GroupChanges(
        Optional<Float> weightDecay, Optional<Double> othersBeta2, Optional<Float> othersLearningRate) {

    /** No change. */
    public static final GroupChanges NONE = parse(Map.of());

    /** Checks the values. */
    public GroupChanges {
        weightDecay.ifPresent(decay -> {
            if (!(decay >= 0 && decay < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("--weight-decay must be finite and at least 0, got " + decay);
            }
        });
        othersBeta2.ifPresent(value -> AsgoChanges.checkDecay("--others-beta2", value));
        othersLearningRate.ifPresent(rate -> {
            if (!(rate > 0 && rate < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("--others-learning-rate must be finite and positive, got " + rate);
            }
        });
    }

    /**
     * Reads changes from the texts of options.
     *
     * @param options by the names of {@code train}'s options without the hyphens in front: {@code weight-decay}, {@code
     *     others-beta2}, {@code others-learning-rate}; others are not looked at
     * @throws IllegalArgumentException if a text can't be read; the message names the option
     */
    public static GroupChanges parse(Map<String, String> options) {
        var texts = new OptionTexts(options);
        return new GroupChanges(
                texts.number("weight-decay").map(Double::floatValue),
                texts.number("others-beta2"),
                texts.number("others-learning-rate").map(Double::floatValue));
    }

    /** What {@link #parse} reads. */
    public Map<String, String> texts() {
        return new OptionTexts(new LinkedHashMap<>())
                .with("weight-decay", weightDecay, String::valueOf)
                .with("others-beta2", othersBeta2, String::valueOf)
                .with("others-learning-rate", othersLearningRate, String::valueOf)
                .values();
    }

    /** Whether the parameters that a rule for matrices leaves over are concerned. */
    boolean concernOthers() {
        return othersBeta2.isPresent() || othersLearningRate.isPresent();
    }
}
