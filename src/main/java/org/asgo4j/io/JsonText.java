// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The little JSON that metadata and run descriptions need: flat objects in, quoted strings out.
 *
 * {@snippet file="FileExamplesTest.java" region="json"}
 */
public final class JsonText {
    private static final int FIRST_PRINTABLE = 0x20;
    private static final int DELETE = 0x7f;

    private JsonText() {}

    /**
     * Reads a flat JSON object such as the hyper-parameters in a file's metadata, {@code {"lr": 0.01, "nesterov":
     * false}}.
     *
     * @param json one object whose values are strings, numbers, true, false or null
     * @return the fields in the order of the text; numbers and literals as they are written, strings unquoted
     * @throws IllegalArgumentException if the text is anything else, nested values and names given twice included
     */
    public static Map<String, String> fields(String json) {
        Objects.requireNonNull(json, "json");
        JsonReader reader = new JsonReader(MemorySegment.ofArray(json.getBytes(StandardCharsets.UTF_8)));
        Map<String, String> fields = new LinkedHashMap<>();
        try {
            reader.object(name -> fields.put(name, reader.scalar()));
            reader.end();
        } catch (JsonException e) {
            throw new IllegalArgumentException(
                    "not a flat JSON object: %s in %s".formatted(e.getMessage(), JsonReader.shown(json)), e);
        }
        return Collections.unmodifiableMap(fields);
    }

    /**
     * Writes a string as a JSON literal, quotes included. Only quote, backslash and control characters are escaped, so
     * the bytes are the same everywhere.
     *
     * @param text any text that UTF-8 can hold
     * @return the literal
     * @throws IllegalArgumentException if the text has half of a surrogate pair
     */
    public static String quote(String text) {
        Objects.requireNonNull(text, "text");
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException(
                    "'%s' has half of a surrogate pair; UTF-8 can't hold it".formatted(JsonReader.shown(text)));
        }
        StringBuilder json = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> json.append('\\').append(c);
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> json.append(isControl(c) ? "\\u%04x".formatted((int) c) : String.valueOf(c));
            }
        }
        return json.append('"').toString();
    }

    private static boolean isControl(char c) {
        return c < FIRST_PRINTABLE || c == DELETE;
    }
}
