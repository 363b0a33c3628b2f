// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.asgo4j.train.AsgoChanges;
import org.asgo4j.train.GroupChanges;
import org.asgo4j.train.OptimizerChoice;
import org.asgo4j.train.OptimizerChoice.Algorithm;

/** What {@code --optimizer} and the options for optimizers mean together. */
final class Optimizers {
    private static final String EXPECTED = "expected one number, or pairs such as asgo=0.01,adamw=0.006";

    private Optimizers() {}

    /**
     * The optimizers in the order named, each with its own numbers or its defaults.
     *
     * @param names such as {@code asgo,adamw}
     * @param learningRates one number for all, {@code asgo=0.01,adamw=0.006} for some, or null for the defaults
     * @param weightDecays likewise
     * @param asgo for the variants of ASGO among them
     * @param others for those that leave embeddings and vectors to AdamW
     * @throws IllegalArgumentException if a name is unknown, a number malformed, or an option is for none of the names
     */
    static List<OptimizerChoice> parse(
            String names, String learningRates, String weightDecays, AsgoChanges asgo, GroupChanges others) {
        List<Algorithm> algorithms = split(names).map(Algorithm::parse).toList();
        if (algorithms.stream().noneMatch(Algorithm::isAsgo)) {
            refuse(asgo.texts(), "for asgo and asgo-published, neither of which is in", names);
        }
        if (algorithms.stream().allMatch(Algorithm::takesEverything)) {
            refuse(others.texts(), "for what a rule for matrices leaves to AdamW, and there is no such rule in", names);
        }
        Map<Algorithm, Float> rates = numbers("--learning-rate", algorithms, learningRates);
        Map<Algorithm, Float> decays = numbers("--weight-decay", algorithms, weightDecays);
        return algorithms.stream()
                .map(algorithm -> new OptimizerChoice(
                        algorithm,
                        rates.getOrDefault(algorithm, algorithm.defaultLearningRate()),
                        algorithm.isAsgo() ? asgo : AsgoChanges.NONE,
                        groups(algorithm, decays, others)))
                .toList();
    }

    private static void refuse(Map<String, String> given, String reason, String names) {
        for (String option : given.keySet()) {
            throw new IllegalArgumentException("--%s is %s '%s'".formatted(option, reason, names));
        }
    }

    private static GroupChanges groups(Algorithm algorithm, Map<Algorithm, Float> decays, GroupChanges others) {
        GroupChanges changes = algorithm.takesEverything() ? GroupChanges.NONE : others;
        return new GroupChanges(
                Optional.ofNullable(decays.get(algorithm)), changes.othersBeta2(), changes.othersLearningRate());
    }

    private static Map<Algorithm, Float> numbers(String option, List<Algorithm> algorithms, String text) {
        Map<Algorithm, Float> numbers = new EnumMap<>(Algorithm.class);
        if (text == null) return numbers;
        if (text.indexOf('=') < 0) {
            float number = number(option, text, text);
            algorithms.forEach(algorithm -> numbers.put(algorithm, number));
            return numbers;
        }
        split(text).forEach(pair -> {
            String[] sides = pair.split("=", -1);
            if (sides.length != 2) throw malformed(option, pair, text);
            Algorithm algorithm = Algorithm.parse(sides[0].strip());
            if (!algorithms.contains(algorithm)) {
                throw new IllegalArgumentException(
                        "%s: '%s' is for an optimizer that --optimizer doesn't name".formatted(option, pair));
            }
            if (numbers.put(algorithm, number(option, sides[1], text)) != null) {
                throw new IllegalArgumentException("%s: %s is given twice".formatted(option, algorithm.label()));
            }
        });
        return numbers;
    }

    private static Stream<String> split(String list) {
        return Stream.of(list.split(",", -1)).map(String::strip);
    }

    private static float number(String option, String number, String text) {
        try {
            return Float.parseFloat(number);
        } catch (NumberFormatException e) {
            throw malformed(option, number, text);
        }
    }

    private static IllegalArgumentException malformed(String option, String part, String text) {
        String where = part.equals(text) ? "" : " in '" + text + "'";
        return new IllegalArgumentException("%s: can't read '%s'%s; %s".formatted(option, part, where, EXPECTED));
    }
}
