// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The names that options and files have for the values of an enum: lower case, with hyphens. */
public final class Choice {
    private Choice() {}

    /**
     * The value of a name.
     *
     * @param option where the name comes from, for the message
     * @param text the name
     * @param values those there are
     * @throws IllegalArgumentException if there is no such value; the message lists them all
     */
    public static <E extends Enum<E>> E parse(String option, String text, List<E> values) {
        for (E value : values) {
            if (name(value).equals(text)) return value;
        }
        throw new IllegalArgumentException("%s must be %s, got '%s'".formatted(option, names(values), text));
    }

    /** All names in a sentence, such as {@code eigen, newton or qr}. */
    public static String names(List<? extends Enum<?>> values) {
        String last = name(values.getLast());
        if (values.size() == 1) return last;
        List<? extends Enum<?>> others = values.subList(0, values.size() - 1);
        return others.stream().map(Choice::name).collect(Collectors.joining(", ")) + " or " + last;
    }

    /** A message in which these values have the names that options have for them, not Java's. */
    static String named(String message, List<Enum<?>> values) {
        String text = message;
        for (Enum<?> value : values) {
            text = text.replaceAll("(?<![\\w-])" + value.name() + "(?![\\w-])", name(value));
        }
        return text;
    }

    /** The name of a value. */
    public static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
