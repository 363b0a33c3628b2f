// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Options as text, as a command line has them and {@code config.json} keeps them.
 *
 * @param values the texts of the options that were given, by their names without the hyphens in front, in order
 */
record OptionTexts(Map<String, String> values) {
    private static final Map<String, Boolean> TRUTHS = Map.of("true", true, "false", false);

    /** Adds an option if there is a value. */
    <T> OptionTexts with(String name, Optional<T> value, Function<? super T, String> text) {
        value.ifPresent(given -> values.put(name, text.apply(given)));
        return this;
    }

    /**
     * Reads an option, if it was given.
     *
     * @param reader throws an {@link IllegalArgumentException} that says what is expected and what was given
     */
    <T> Optional<T> read(String name, Function<String, T> reader) {
        return Optional.ofNullable(values.get(name)).map(reader);
    }

    Optional<Double> number(String name) {
        return read(name, text -> {
            try {
                return Double.valueOf(text);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("--%s must be a number, got '%s'".formatted(name, text), e);
            }
        });
    }

    Optional<Boolean> truth(String name) {
        return read(name, text -> {
            Boolean value = TRUTHS.get(text);
            if (value != null) return value;
            throw new IllegalArgumentException("--%s must be true or false, got '%s'".formatted(name, text));
        });
    }

    <E extends Enum<E>> Optional<E> choice(String name, List<E> all) {
        return read(name, text -> Choice.parse("--" + name, text, all));
    }
}
