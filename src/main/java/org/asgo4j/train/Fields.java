// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.asgo4j.io.JsonText;

/** Named values in order, as a flat JSON object holds them, and where they come from for messages. */
final class Fields {
    private final String source;
    private final Map<String, String> values = new LinkedHashMap<>();
    private final Map<String, String> literals = new LinkedHashMap<>();

    /** No fields yet. */
    Fields(String source) {
        this.source = source;
    }

    /**
     * Reads a flat JSON object.
     *
     * @throws IllegalArgumentException if the text is anything else; the message has the source
     */
    static Fields parse(String source, String json) {
        var fields = new Fields(source);
        try {
            fields.values.putAll(JsonText.fields(json));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(source + " is " + e.getMessage(), e);
        }
        return fields;
    }

    /** Adds a field; numbers are written as such, everything else as a string. */
    Fields with(String name, Object value) {
        boolean number = value instanceof Integer
                || value instanceof Long
                || value instanceof Float f && Float.isFinite(f)
                || value instanceof Double d && Double.isFinite(d);
        values.put(name, value.toString());
        literals.put(name, number ? value.toString() : JsonText.quote(value.toString()));
        return this;
    }

    /** Adds all fields of another. */
    Fields with(Fields others) {
        values.putAll(others.values);
        literals.putAll(others.literals);
        return this;
    }

    /** As JSON, a line per field. */
    String json() {
        return literals.entrySet().stream()
                .map(e -> "  " + JsonText.quote(e.getKey()) + ": " + e.getValue())
                .collect(Collectors.joining(",\n", "{\n", "\n}\n"));
    }

    /** All values by name. */
    Map<String, String> values() {
        return Collections.unmodifiableMap(values);
    }

    /** Where the fields come from. */
    String source() {
        return source;
    }

    /** A value, if it is there. */
    Optional<String> optional(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** A value that must be there. */
    String text(String name) {
        String value = values.get(name);
        if (value == null) throw new IllegalArgumentException("%s has no '%s'".formatted(source, name));
        return value;
    }

    /** An integer of at least {@code least}. */
    long integer(String name, long least) {
        try {
            long value = Long.parseLong(text(name));
            if (value >= least) return value;
        } catch (NumberFormatException notANumber) {
            // the same message serves
        }
        throw malformed(name, "an integer of at least " + least);
    }

    /** An integer from {@code least} to 2^31 − 1. */
    int size(String name, int least) {
        long value = integer(name, least);
        if (value > Integer.MAX_VALUE) throw malformed(name, "at most " + Integer.MAX_VALUE);
        return (int) value;
    }

    /** A number, NaN and infinities included. */
    double number(String name) {
        try {
            return Double.parseDouble(text(name));
        } catch (NumberFormatException e) {
            throw malformed(name, "a number");
        }
    }

    private IllegalArgumentException malformed(String name, String expected) {
        return new IllegalArgumentException(
                "%s: '%s' must be %s, is '%s'".formatted(source, name, expected, values.get(name)));
    }

    /**
     * Compares every field here with another's.
     *
     * @param shown what messages call a field
     * @throws IllegalArgumentException if one differs or is missing there; the message names both sides
     */
    void requireSameIn(Fields other, UnaryOperator<String> shown) {
        values.forEach((name, value) -> {
            String stored = other.values.get(name);
            if (!value.equals(stored)) {
                throw new IllegalArgumentException("%s is %s in %s, but %s in %s".formatted(
                        shown.apply(name), stored == null ? "not given" : stored, other.source, value, source));
            }
        });
    }
}
