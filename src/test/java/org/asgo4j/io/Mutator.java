// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static org.asgo4j.io.RawFile.entry;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Makes broken safetensors files out of valid ones: a few edits of the header, of its length, of the data and of the
 * file's end. Most edits keep the header's length true, or nothing behind the first check would ever be reached.
 */
final class Mutator {
    /** Bytes of data of every seed; its tensors cover them. */
    private static final int DATA_BYTES = 28;

    private static final int MOST_EDITS = 4;
    private static final int MOST_INSERTED = 12;
    private static final int MOST_NESTED = 1500;

    /** Valid headers, a character for each byte. */
    static final List<String> HEADERS = seeds();

    private static final String[] TOKENS = {
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u00", "\\ud800", "\\udc00", "\\n", "null", "true", "-", "1e9",
        "0.5", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"dtype\":\"F64\"", "\"shape\":[]",
        "\"\"", "{}", "[]", "\u00c3\u00a9", "\u00ff", "\u00ed\u00a0\u0080", "\0", " ", "\t", "\n", "/**/"
    };
    private static final String[] EXTREMES = {
        "0", "-0", "-1", "00", "1", "7", "2147483647", "2147483648", "4294967295", "4294967296", "1152921504606846976",
        "4611686018427387904", "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "18446744073709551616", "1".repeat(80), "9".repeat(400), "1e308", "1.0", "NaN", "-9223372036854775808"
    };
    private static final long[] LENGTHS = {
        0, 1, 2, 7, 8, 99_999_999, 100_000_000, 100_000_001, Integer.MAX_VALUE, 1L << 31, 1L << 32, Long.MAX_VALUE,
        Long.MIN_VALUE, -1, -8
    };
    private static final String[] OPENERS = {"[", "{\"a\":", "\"a\":{", "{\"__metadata__\":", "[["};
    private static final String[] STRINGS = quoted();

    private static final Pattern NUMBER = Pattern.compile("-?[0-9]+");
    private static final Pattern STRING = Pattern.compile("\"[^\"]*\"");
    private static final Pattern TENSOR = Pattern.compile("\"[^\"]*\":\\{[^{}]*},?");
    private static final Pattern RANGE = Pattern.compile("\\[[0-9]+,[0-9]+]");
    private static final Pattern ENTRY = Pattern.compile("\"[^\"]*\":(\\{[^{}]*}|\\[[^\\[\\]]*]|\"[^\"]*\")");

    private final SplittableRandom random;
    private final StringBuilder header;

    private Mutator(long seed) {
        random = new SplittableRandom(seed);
        header = new StringBuilder(pick(HEADERS.toArray(String[]::new)));
    }

    /** A broken file; the same for the same seed. */
    static byte[] file(long seed) {
        return new Mutator(seed).file();
    }

    /** The valid file of one of {@link #HEADERS}. */
    static byte[] valid(String header) {
        return RawFile.of(bytes(header), DATA_BYTES);
    }

    private byte[] file() {
        for (int edits = 1 + random.nextInt(MOST_EDITS); edits > 0; edits--) editHeader();
        byte[] text = bytes(header.toString());
        int data = oneIn(12) ? random.nextInt(2 * DATA_BYTES) : DATA_BYTES;
        long length = oneIn(12) ? length(text.length) : text.length;
        byte[] file = RawFile.withLength(length, text, data);
        return oneIn(12) ? Arrays.copyOf(file, random.nextInt(file.length + DATA_BYTES)) : file;
    }

    private void editHeader() {
        int at = random.nextInt(header.length() + 1);
        int end = Math.min(header.length(), at + 1 + random.nextInt(MOST_INSERTED));
        switch (random.nextInt(13)) {
            case 0 -> flipBit();
            case 1 -> header.replace(at, Math.min(end, at + 1), "" + (char) random.nextInt(1 << Byte.SIZE));
            case 2 -> header.insert(at, noise());
            case 3 -> header.delete(at, end);
            case 4 -> header.insert(at, pick(TOKENS));
            case 5 -> header.replace(at, end, pick(TOKENS));
            case 6 -> replaceMatch(NUMBER, number());
            case 7 -> replaceMatch(STRING, pick(STRINGS));
            case 8 -> duplicateEntry();
            case 9 -> replaceMatch(TENSOR, "");
            case 10 -> header.insert(at, pick(OPENERS).repeat(1 + random.nextInt(oneIn(8) ? MOST_NESTED : 4)));
            case 11 -> repeatRange();
            default -> splice(at, end);
        }
    }

    private void flipBit() {
        if (header.isEmpty()) return;
        int at = random.nextInt(header.length());
        header.setCharAt(at, (char) (header.charAt(at) ^ 1 << random.nextInt(Byte.SIZE)));
    }

    private String noise() {
        StringBuilder noise = new StringBuilder();
        for (int i = random.nextInt(MOST_INSERTED); i >= 0; i--) noise.append((char) random.nextInt(1 << Byte.SIZE));
        return noise.toString();
    }

    private String number() {
        return switch (random.nextInt(3)) {
            case 0 -> Integer.toString(random.nextInt(2 * DATA_BYTES));
            case 1 -> Long.toString(random.nextLong() >>> random.nextInt(Long.SIZE));
            default -> pick(EXTREMES);
        };
    }

    private void replaceMatch(Pattern pattern, String with) {
        MatchResult match = match(pattern);
        if (match != null) header.replace(match.start(), match.end(), with);
    }

    /** Repeats a field or an element of the text's structure, mostly next to itself. */
    private void duplicateEntry() {
        MatchResult match = match(ENTRY);
        if (match == null) return;
        header.insert(oneIn(4) ? random.nextInt(header.length()) : match.start(), match.group() + ",");
    }

    /** Gives a tensor another one's bytes, or its shape, where both are written as two numbers. */
    private void repeatRange() {
        MatchResult match = match(RANGE);
        if (match != null) replaceMatch(RANGE, match.group());
    }

    /** Replaces a range by a range of another valid header. */
    private void splice(int at, int end) {
        String other = pick(HEADERS.toArray(String[]::new));
        int from = random.nextInt(other.length());
        int to = from + random.nextInt(other.length() - from + 1);
        header.replace(at, end, other.substring(from, to));
    }

    private MatchResult match(Pattern pattern) {
        Matcher matcher = pattern.matcher(header);
        List<MatchResult> matches = new ArrayList<>();
        while (matcher.find()) matches.add(matcher.toMatchResult());
        return matches.isEmpty() ? null : matches.get(random.nextInt(matches.size()));
    }

    private long length(int truth) {
        return switch (random.nextInt(3)) {
            case 0 -> truth + random.nextInt(-9, 10);
            case 1 -> random.nextLong() >>> random.nextInt(Long.SIZE);
            default -> LENGTHS[random.nextInt(LENGTHS.length)];
        };
    }

    private <T> T pick(T[] choices) {
        return choices[random.nextInt(choices.length)];
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    private static byte[] bytes(String header) {
        return header.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String[] quoted() {
        List<String> strings = new ArrayList<>(List.of("\"\"", "\"a\"", "\"__metadata__\"", "\"F33\"", "\"\\u0061\""));
        for (DType type : DType.values()) strings.add('"' + type.name() + '"');
        return strings.toArray(String[]::new);
    }

    private static List<String> seeds() {
        String two = entry("a", "[2,2]", 0, 16) + "," + entry("b.weight", "[3]", 16, 28);
        String bytes = "\"%s\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[%d,%d]}";
        String small = IntStream.range(0, DATA_BYTES)
                .mapToObj(i -> bytes.formatted("t" + i, i % 2 == 0 ? "U8" : "BOOL", 1, i, i + 1))
                .reduce((a, b) -> a + "," + b).orElseThrow();
        String utf8 = new String("é😀".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        return List.of(
                "{" + two + "}",
                "{\"__metadata__\":{\"hyper\":\"{\\\"lr\\\": 0.01}\",\"\\u00e9\":\"\\ud83d\\ude00\"}," + two + ","
                        + entry("empty", "[0,5]", 28, 28) + "}   ",
                "{" + small + "}",
                "{\"__metadata__\":{\"" + utf8 + "\":\"" + utf8 + "\",\"\":\"\"},"
                        + bytes.formatted(utf8, "F16", 14, 0, 28) + "}",
                "{ \"high\" : {\"data_offsets\":[24,28],\"shape\":[" + "1,".repeat(63) + "1],\"dtype\":\"F32\"},\n"
                        + bytes.formatted("narrow", "F4", 48, 0, 24) + "}\t",
                "{" + entry("late", "[1]", 24, 28) + "," + bytes.formatted("early", "F64", 3, 0, 24) + ","
                        + entry("none", "[7,0]", 24, 24) + "}");
    }
}
