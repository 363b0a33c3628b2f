package org.asgo4j.cli;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Reads an option whose value is one of a few names. */
final class Choice {
    private Choice() {}

    /** The value of this name in lower case; an error that lists all of them if there is none. */
    static <E extends Enum<E>> E parse(String option, String text, List<E> values) {
        for (E value : values) {
            if (name(value).equals(text)) return value;
        }
        String expected = values.stream().map(Choice::name).collect(Collectors.joining(" or "));
        throw new IllegalArgumentException("%s must be %s, got '%s'".formatted(option, expected, text));
    }

    /** The name as options and messages have it: lower case, with hyphens. */
    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
