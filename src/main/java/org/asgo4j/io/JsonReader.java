// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Pulls values out of strict UTF-8 JSON. The caller asks for the value it expects, and gets it or a {@link
 * JsonException}; nothing is skipped and no tree is built, so nesting is bounded by the caller's code and memory by the
 * text's length. {@link SafetensorsHeader} turns a text into less than 64 times its bytes, garbage included.
 */
final class JsonReader {
    /** The most fields of one object; 262,144 is several times the tensor count of the largest published models. */
    static final int MAX_FIELDS = 1 << 18;

    private static final int SHOWN = 80;
    private static final int FIRST_PRINTABLE = 0x20;
    private static final int DELETE = 0x7f;
    private static final int HEX_DIGITS = 4;
    private static final int HEX = 16;
    private static final int DECIMAL = 10;
    private static final int SAFE_DIGITS = 18; // any 18 digits are less than 2^63
    private static final String ESCAPES = "\"\\/bfnrt";
    private static final String ESCAPED = "\"\\/\b\f\n\r\t";

    private final MemorySegment text;
    private final long length;
    private long position;

    /** Reads from the start of {@code text}, which is not copied. */
    JsonReader(MemorySegment text) {
        this.text = text;
        this.length = text.byteSize();
    }

    /** Consumes the value of one field. */
    @FunctionalInterface
    interface Field {
        void read(String name) throws JsonException;
    }

    /** Consumes one element of an array. */
    @FunctionalInterface
    interface Element {
        void read() throws JsonException;
    }

    /**
     * Reads an object, handing each name to {@code field}, which must consume the value; a name given twice is an
     * error.
     */
    void object(Field field) throws JsonException {
        expect('{');
        if (accept('}')) {
            return;
        }
        Set<String> names = new HashSet<>();
        do {
            String name = string();
            if (!names.add(name)) {
                throw problem("name '" + shown(name) + "' appears twice in one object");
            }
            if (names.size() > MAX_FIELDS) {
                throw problem("an object has more than " + MAX_FIELDS + " fields");
            }
            expect(':');
            field.read(name);
        } while (accept(','));
        expect('}');
    }

    /** Reads an array, calling {@code element} to consume each value. */
    void array(Element element) throws JsonException {
        expect('[');
        if (accept(']')) {
            return;
        }
        do {
            element.read();
        } while (accept(','));
        expect(']');
    }

    /** Reads a string: strict UTF-8, no control characters, no half of a surrogate pair. */
    String string() throws JsonException {
        expect('"');
        StringBuilder escaped = null;
        long run = position;
        while (true) {
            int c = next("a closing quote");
            if (c == '"' && escaped == null) {
                return decode(run, position - 1);
            }
            if (c == '"') {
                String value = escaped.append(decode(run, position - 1)).toString();
                if (hasHalfPair(value)) {
                    throw problem("string '" + shown(value) + "' has half of a surrogate pair");
                }
                return value;
            }
            if (c < FIRST_PRINTABLE) {
                throw problem("control character %s in a string; it must be escaped".formatted(c));
            }
            if (c == '\\') {
                escaped = escaped == null ? new StringBuilder() : escaped;
                if (run < position - 1) {
                    escaped.append(decode(run, position - 1));
                }
                escaped.append(escape());
                run = position;
            }
        }
    }

    private static boolean hasHalfPair(String value) {
        int codePoint;
        for (int i = 0; i < value.length(); i += Character.charCount(codePoint)) {
            codePoint = value.codePointAt(i);
            if (Character.MIN_SURROGATE <= codePoint && codePoint <= Character.MAX_SURROGATE) {
                return true;
            }
        }
        return false;
    }

    /** Reads an integer from 0 to 2^63 − 1, written without sign, fraction or exponent. */
    long natural() throws JsonException {
        skipWhitespace();
        long value = 0;
        long end = position;
        while (end < length && end - position < SAFE_DIGITS && isDigit(at(end))) {
            value = DECIMAL * value + at(end++) - '0';
        }
        boolean whole = end > position && (end == length || !isToken(at(end)));
        boolean leadingZero = end - position > 1 && at(position) == '0';
        if (!whole || leadingZero) {
            return naturalFromText();
        }
        position = end;
        return value;
    }

    /** The same by way of a string, which most numbers are spared: an error, or a number of 19 digits. */
    private long naturalFromText() throws JsonException {
        String digits = token("a non-negative integer");
        if (digits.isEmpty() || !digits.chars().allMatch(JsonReader::isDigit)) {
            throw problem("expected a non-negative integer, found " + found(digits));
        }
        if (digits.length() > 1 && digits.charAt(0) == '0') {
            throw problem("integer " + shown(digits) + " has a leading zero");
        }
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException _) {
            throw problem("integer " + shown(digits) + " is larger than " + Long.MAX_VALUE);
        }
    }

    /** Reads a string, number, true, false or null and returns its text (of a string, its value). */
    String scalar() throws JsonException {
        skipWhitespace();
        if (position < length && at(position) == '"') {
            return string();
        }
        String token = token("a string, number, true, false or null");
        if (token.matches("true|false|null|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
            return token;
        }
        throw problem("expected a string, number, true, false or null, found " + found(token));
    }

    /** Checks that only whitespace remains. */
    void end() throws JsonException {
        skipWhitespace();
        if (position < length) {
            throw problem("expected the end, found " + name(at(position)));
        }
    }

    /** Returns a short printable form of a hostile text. */
    static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().limit(SHOWN).forEach(c -> shown.appendCodePoint(isPrintable(c) ? c : '?'));
        return text.codePointCount(0, text.length()) > SHOWN ? shown + "…" : shown.toString();
    }

    private static boolean isPrintable(int codePoint) {
        return !Character.isISOControl(codePoint) && Character.getType(codePoint) != Character.SURROGATE;
    }

    private void expect(char wanted) throws JsonException {
        if (!accept(wanted)) {
            throw problem("expected '%c', found %s".formatted(wanted, found("")));
        }
    }

    private boolean accept(char wanted) {
        skipWhitespace();
        if (position < length && at(position) == wanted) {
            position++;
            return true;
        }
        return false;
    }

    private String token(String expected) throws JsonException {
        skipWhitespace();
        long start = position;
        while (position < length && position - start <= SHOWN && isToken(at(position))) {
            position++;
        }
        if (position - start > SHOWN) {
            throw problem("expected %s, found more than %s characters".formatted(expected, SHOWN));
        }
        return decode(start, position);
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isToken(int c) {
        return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '+' || c == '-';
    }

    private String found(String token) {
        if (!token.isEmpty()) {
            return token;
        }
        return position < length ? name(at(position)) : "the end";
    }

    private char escape() throws JsonException {
        int c = next("an escape");
        if (c == 'u') {
            int unit = 0;
            for (int i = 0; i < HEX_DIGITS; i++) {
                int digit = Character.digit(next("four hexadecimal digits"), HEX);
                if (digit < 0) {
                    throw problem("expected four hexadecimal digits after \\u");
                }
                unit = unit * HEX + digit;
            }
            return (char) unit;
        }
        int known = ESCAPES.indexOf(c);
        if (known < 0) {
            throw problem("unknown escape \\ and " + name(c));
        }
        return ESCAPED.charAt(known);
    }

    private String decode(long from, long to) throws JsonException {
        byte[] bytes = new byte[Math.toIntExact(to - from)];
        MemorySegment.copy(text, JAVA_BYTE, from, bytes, 0, bytes.length);
        // The decoder puts U+FFFD for malformed bytes, and no text but their own gives them back.
        String decoded = new String(bytes, StandardCharsets.UTF_8);
        if (!Arrays.equals(decoded.getBytes(StandardCharsets.UTF_8), bytes)) {
            throw problem("a string is not valid UTF-8");
        }
        return decoded;
    }

    private int next(String expected) throws JsonException {
        if (position >= length) {
            throw problem("expected " + expected + ", found the end");
        }
        return at(position++);
    }

    private void skipWhitespace() {
        while (position < length && isWhitespace(at(position))) {
            position++;
        }
    }

    private static boolean isWhitespace(int c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }

    private int at(long index) {
        return Byte.toUnsignedInt(text.get(JAVA_BYTE, index));
    }

    private static String name(int c) {
        return c >= FIRST_PRINTABLE && c < DELETE ? "'" + (char) c + "'" : "byte 0x%02x".formatted(c);
    }

    private JsonException problem(String what) {
        return new JsonException(what + " (byte " + position + ")");
    }
}
