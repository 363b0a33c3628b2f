// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JMH's JSON, whole, into maps, lists and strings: numbers, true, false and null stay the text they are. For
 * files that we wrote ourselves; the library's own reader, which trusts nothing, builds no trees.
 */
final class Json {
    private final String text;
    private int position;

    private Json(String text) {
        this.text = text;
    }

    /**
     * The value that a text is: {@code Map<String, Object>}, {@code List<Object>} or {@code String}.
     *
     * @throws IllegalArgumentException if it is no JSON; the message says where
     */
    static Object parse(String text) {
        var json = new Json(text);
        Object value = json.value();
        if (json.peek() != 0) throw json.problem("the end");
        return value;
    }

    private Object value() {
        return switch (peek()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            default -> token();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> fields = new LinkedHashMap<>();
        expect('{');
        if (accept('}')) return fields;
        do {
            peek();
            String name = string();
            expect(':');
            fields.put(name, value());
        } while (accept(','));
        expect('}');
        return fields;
    }

    private List<Object> array() {
        List<Object> elements = new ArrayList<>();
        expect('[');
        if (accept(']')) return elements;
        do {
            elements.add(value());
        } while (accept(','));
        expect(']');
        return elements;
    }

    private String string() {
        expect('"');
        var value = new StringBuilder();
        while (position < text.length() && text.charAt(position) != '"') {
            char c = text.charAt(position++);
            value.append(c == '\\' ? escaped() : c);
        }
        expect('"');
        return value.toString();
    }

    private char escaped() {
        if (position == text.length()) throw problem("an escaped character");
        char c = text.charAt(position++);
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'n' -> '\n';
            case 't' -> '\t';
            default -> throw problem("one of the escapes that JMH writes");
        };
    }

    private String token() {
        int start = position;
        while (position < text.length() && (Character.isLetterOrDigit(text.charAt(position))
                || "+-.".indexOf(text.charAt(position)) >= 0)) {
            position++;
        }
        if (position == start) throw problem("a value");
        return text.substring(start, position);
    }

    /** The next character that is no space, or 0 at the end. */
    private char peek() {
        while (position < text.length() && Character.isWhitespace(text.charAt(position))) position++;
        return position < text.length() ? text.charAt(position) : 0;
    }

    private boolean accept(char c) {
        if (peek() != c) return false;
        position++;
        return true;
    }

    private void expect(char c) {
        if (!accept(c)) throw problem("'" + c + "'");
    }

    private IllegalArgumentException problem(String expected) {
        return new IllegalArgumentException("no JSON: expected %s at character %d".formatted(expected, position));
    }
}
