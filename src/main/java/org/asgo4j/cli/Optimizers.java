package org.asgo4j.cli;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.asgo4j.optim.RootMethod;
import org.asgo4j.train.OptimizerChoice;
import org.asgo4j.train.OptimizerChoice.Algorithm;
import org.asgo4j.train.RefreshChoice;

/** What {@code --optimizer}, {@code --learning-rate}, {@code --root} and {@code --refresh} mean together. */
final class Optimizers {
    private static final String EXPECTED = "expected one number, or pairs such as asgo=0.01,adamw=0.006";

    private Optimizers() {}

    /**
     * The optimizers in the order named, each with its own learning rate or its default.
     *
     * @param names such as {@code asgo,adamw}
     * @param learningRates one number for all, {@code asgo=0.01,adamw=0.006} for some, or null for the defaults
     * @param root for the variants of ASGO among them
     * @param refresh likewise
     * @throws IllegalArgumentException if a name is unknown, a number malformed, or a rate, root or refresh is for none
     *     of the names
     */
    static List<OptimizerChoice> parse(
            String names, String learningRates, Optional<RootMethod> root, Optional<RefreshChoice> refresh) {
        List<Algorithm> algorithms = split(names).map(Algorithm::parse).toList();
        boolean roots = algorithms.stream().anyMatch(Algorithm::isAsgo);
        if (!roots && root.isPresent()) throw notForThese("--root", names);
        if (!roots && refresh.isPresent()) throw notForThese("--refresh", names);
        Map<Algorithm, Float> rates = rates(algorithms, learningRates);
        return algorithms.stream()
                .map(algorithm -> new OptimizerChoice(
                        algorithm,
                        rates.getOrDefault(algorithm, algorithm.defaultLearningRate()),
                        root.filter(_ -> algorithm.isAsgo()),
                        refresh.filter(_ -> algorithm.isAsgo())))
                .toList();
    }

    private static IllegalArgumentException notForThese(String option, String names) {
        return new IllegalArgumentException(
                "%s is for asgo and asgo-published, neither of which is in '%s'".formatted(option, names));
    }

    private static Map<Algorithm, Float> rates(List<Algorithm> algorithms, String text) {
        Map<Algorithm, Float> rates = new EnumMap<>(Algorithm.class);
        if (text == null) return rates;
        if (text.indexOf('=') < 0) {
            float rate = number(text, text);
            algorithms.forEach(algorithm -> rates.put(algorithm, rate));
            return rates;
        }
        split(text).forEach(pair -> {
            String[] sides = pair.split("=", -1);
            if (sides.length != 2) throw malformed(pair, text);
            Algorithm algorithm = Algorithm.parse(sides[0].strip());
            if (!algorithms.contains(algorithm)) {
                throw new IllegalArgumentException(
                        "--learning-rate: '%s' is for an optimizer that --optimizer doesn't name".formatted(pair));
            }
            if (rates.put(algorithm, number(sides[1], text)) != null) {
                throw new IllegalArgumentException("--learning-rate: %s is given twice".formatted(algorithm.label()));
            }
        });
        return rates;
    }

    private static Stream<String> split(String list) {
        return Stream.of(list.split(",", -1)).map(String::strip);
    }

    private static float number(String number, String text) {
        try {
            return Float.parseFloat(number);
        } catch (NumberFormatException e) {
            throw malformed(number, text);
        }
    }

    private static IllegalArgumentException malformed(String part, String text) {
        String where = part.equals(text) ? "" : " in '" + text + "'";
        return new IllegalArgumentException("--learning-rate: can't read '%s'%s; %s".formatted(part, where, EXPECTED));
    }
}
