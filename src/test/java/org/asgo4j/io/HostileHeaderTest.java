// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static org.asgo4j.io.RawFile.entry;
import static org.asgo4j.io.Refusal.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way a header can lie about its length, its text and its names ends in a {@link SafetensorsException}. */
class HostileHeaderTest {
    private static final int DEPTH = 100_000;
    private static final String NO_STRINGS = "'__metadata__' must be an object of strings, or absent: expected ";

    /** What parsing may allocate per byte of a file, garbage included, as {@link JsonReader} promises. */
    private static final int BYTES_PER_BYTE = 64;

    @TempDir
    Path directory;

    static Stream<Arguments> lengths() {
        byte[] braces = "{}".getBytes(StandardCharsets.UTF_8);
        return Stream.of(
                arguments("empty file", new byte[0], "file has 0 bytes; 8 are the least"),
                arguments("shorter than the length", new byte[7], "file has 7 bytes; 8 are the least"),
                arguments("zero", RawFile.of("", 0), "must begin with '{'"),
                arguments("zero, with data", RawFile.withLength(0, braces, 0), "must begin with '{'"),
                arguments("too short by one", RawFile.withLength(1, braces, 0), "found the end"),
                arguments("past the file by one", RawFile.withLength(3, braces, 0),
                        "header length is 3 but only 2 bytes follow"),
                arguments("past the file, as long as allowed", RawFile.withLength(100_000_000, braces, 0),
                        "header length is 100000000 but only 2 bytes follow"),
                arguments("over the allowed", RawFile.withLength(100_000_001, braces, 0),
                        "header length is 100000001; at most 100000000"),
                arguments("negative as an int", RawFile.withLength(0x80000000L, braces, 0),
                        "header length is 2147483648; at most"),
                arguments("a small int and high bits", RawFile.withLength(0x1_0000_0002L, braces, 0),
                        "header length is 4294967298; at most"),
                arguments("negative as a long", RawFile.withLength(-1, braces, 0),
                        "header length is 18446744073709551615; at most"),
                arguments("the least long", RawFile.withLength(Long.MIN_VALUE, braces, 0),
                        "header length is 9223372036854775808; at most"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lengths")
    void wrongHeaderLengthIsRefused(String lie, byte[] bytes, String part) throws IOException {
        assertRefused(directory, bytes, part);
    }

    static Stream<Arguments> texts() {
        String good = entry("a", "[2]", 0, 8);
        return Stream.of(
                arguments("not an object", "[]", "must begin with '{'"),
                arguments("space before the header", " {}", "must begin with '{'"),
                arguments("truncated", "{\"a\":", "found the end"),
                arguments("truncated string", "{\"a", "expected a closing quote, found the end"),
                arguments("truncated escape", "{\"a\\", "expected an escape, found the end"),
                arguments("truncated hexadecimal", "{\"a\\u00", "expected four hexadecimal digits, found the end"),
                arguments("text after it", "{}x", "expected the end, found 'x'"),
                arguments("another object after it", "{}{}", "expected the end, found '{'"),
                arguments("a NUL after it", "{}\0", "byte 0x00"),
                arguments("trailing comma", "{" + good + ",}", "expected '\"', found '}'"),
                arguments("no comma", "{" + good + good + "}", "expected '}', found '\"'"),
                arguments("two colons", "{\"a\"::{}}", "tensor 'a': expected '{', found ':'"),
                arguments("single quotes", "{'a':{}}", "expected '\"'"),
                arguments("comment", "{/**/}", "found '/'"),
                arguments("metadata is null", "{\"__metadata__\":null}", NO_STRINGS),
                arguments("metadata holds a number", "{\"__metadata__\":{\"a\":1}}", NO_STRINGS),
                arguments("overlong UTF-8", "{\"\u00c0\u0080\":{}}", "not valid UTF-8"),
                arguments("lone continuation byte", "{\"\u0080\":{}}", "not valid UTF-8"),
                arguments("cut-off UTF-8", "{\"\u00e9\":{}}", "not valid UTF-8"),
                arguments("surrogate in UTF-8", "{\"\u00ed\u00a0\u0080\":{}}", "not valid UTF-8"),
                arguments("beyond Unicode", "{\"\u00f4\u0090\u0080\u0080\":{}}", "not valid UTF-8"),
                arguments("bad UTF-8 after an escape", "{\"\\n\u00ff\":{}}", "not valid UTF-8"),
                arguments("high half of a pair", "{\"\\ud800\":{}}", "half of a surrogate pair"),
                arguments("low half of a pair", "{\"x\\udc00x\":{}}", "half of a surrogate pair"),
                arguments("pair in the wrong order", "{\"\\udc00\\ud800\":{}}", "half of a surrogate pair"),
                arguments("control character", "{\"\n\":{}}", "control character 10"),
                arguments("last control character", "{\"\u001f\":{}}", "control character 31"),
                arguments("unknown escape", "{\"\\x\":{}}", "unknown escape"),
                arguments("bad hexadecimal", "{\"\\u00g0\":{}}", "four hexadecimal digits"),
                arguments("signed hexadecimal", "{\"\\u-001\":{}}", "four hexadecimal digits"));
    }

    /** The header's characters are its bytes, so that invalid UTF-8 can be written. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("texts")
    void otherTextThanStrictJsonIsRefused(String lie, String header, String part) throws IOException {
        assertRefused(directory, RawFile.of(header.getBytes(StandardCharsets.ISO_8859_1), 8), part);
    }

    static Stream<Arguments> duplicates() {
        String good = entry("a", "[2]", 0, 8);
        String two = good + "," + entry("b", "[1]", 8, 12);
        return Stream.of(
                arguments("same entry", good + "," + good, "'a' appears twice"),
                arguments("another range", good + "," + entry("a", "[1]", 8, 12), "'a' appears twice"),
                arguments("not next to each other", two + "," + good, "'a' appears twice"),
                arguments("escaped", good + "," + entry("\\u0061", "[2]", 0, 8), "'a' appears twice"),
                arguments("escaped in another way",
                        entry("\\u00E9", "[2]", 0, 8) + "," + entry("\\u00e9", "[2]", 0, 8), "'\u00e9' appears twice"),
                arguments("empty name", entry("", "[2]", 0, 8) + "," + entry("", "[2]", 0, 8), "'' appears twice"),
                arguments("dtype", "\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}", "'dtype' appears twice"),
                arguments("shape", "\"a\":{\"shape\":[1],\"shape\":[2]}", "'shape' appears twice"),
                arguments("data_offsets", "\"a\":{\"data_offsets\":[0,8],\"data_offsets\":[0,8]}",
                        "'data_offsets' appears twice"),
                arguments("metadata", "\"__metadata__\":{},\"__metadata__\":{}", "'__metadata__' appears twice"),
                arguments("metadata, escaped", "\"__metadata__\":{},\"\\u005f_metadata__\":{}",
                        "'__metadata__' appears twice"),
                arguments("key of metadata", "\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}", "'k' appears twice"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("duplicates")
    void nameGivenTwiceIsRefused(String lie, String entries, String part) throws IOException {
        assertRefused(directory, RawFile.of("{" + entries + "}", 8), part);
    }

    static Stream<Arguments> nests() {
        return Stream.of(
                arguments("arrays for a tensor", "{\"a\":" + "[".repeat(DEPTH), "expected '{', found '['"),
                arguments("objects for a tensor", "{\"a\":".repeat(DEPTH), "unknown field 'a'"),
                arguments("arrays for a shape", "{\"a\":{\"shape\":" + "[".repeat(DEPTH),
                        "expected a non-negative integer, found '['"),
                arguments("closed arrays for a shape",
                        "{\"a\":{\"shape\":" + "[".repeat(DEPTH) + "]".repeat(DEPTH) + "}}",
                        "expected a non-negative integer, found '['"),
                arguments("objects for a shape", "{\"a\":{\"shape\":" + "{\"shape\":".repeat(DEPTH),
                        "expected '[', found '{'"),
                arguments("arrays for a dtype", "{\"a\":{\"dtype\":" + "[".repeat(DEPTH), "expected '\"', found '['"),
                arguments("arrays for an unknown field", "{\"a\":{\"x\":" + "[".repeat(DEPTH), "unknown field 'x'"),
                arguments("objects for a note", "{\"__metadata__\":" + "{\"a\":".repeat(DEPTH), NO_STRINGS),
                arguments("arrays for a note", "{\"__metadata__\":{\"a\":" + "[".repeat(DEPTH), NO_STRINGS),
                arguments("metadata in metadata", "{\"__metadata__\":".repeat(DEPTH), NO_STRINGS));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("nests")
    void nestingIsRefusedWhereItBegins(String lie, String header, String part) throws IOException {
        assertRefused(directory, RawFile.of(header, 0), part);
    }

    @Test
    void messageOfHugeOrBinaryNameIsShortAndPrintable() {
        String name = "\\u0000\\u001b" + "x".repeat(1_000_000);
        SafetensorsException refusal = Refusal.of(RawFile.of("{\"" + name + "\":0}", 0));
        assertTrue(refusal.getMessage().length() < 300, () -> refusal.getMessage().length() + " characters");
        assertTrue(refusal.getMessage().chars().noneMatch(Character::isISOControl), refusal.getMessage());
    }

    /** A character of two units is one, so what is whole isn't said to be cut. */
    @Test
    void onlyANameThatIsCutEndsInDots() {
        assertEquals("😀".repeat(80), JsonReader.shown("😀".repeat(80)));
        assertEquals("😀".repeat(80) + "…", JsonReader.shown("😀".repeat(81)));
    }

    @Test
    void notesAreCountedBeforeTheyFillTheHeap() {
        String notes = fields(JsonReader.MAX_FIELDS + 1, name -> "\"" + name + "\":\"\"");
        String message = Refusal.of(RawFile.of("{\"__metadata__\":{" + notes + "}}", 0)).getMessage();
        assertTrue(message.contains("more than 262144 fields"), message);
    }

    /** What {@link SafetensorsWriter} may write can be read. */
    @Test
    void theMostFieldsAreTaken() throws IOException {
        String notes = fields(JsonReader.MAX_FIELDS, name -> "\"" + name + "\":\"\"");
        byte[] file = RawFile.of("{\"__metadata__\":{" + notes + "}}", 0);
        var header = SafetensorsHeader.parse(Path.of("full"), MemorySegment.ofArray(file));
        assertEquals(JsonReader.MAX_FIELDS, header.metadata().size());
    }

    @Test
    void tensorsAreCountedBeforeTheyFillTheHeap() {
        String tensors = fields(JsonReader.MAX_FIELDS + 1,
                name -> "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
        String message = Refusal.of(RawFile.of("{" + tensors + "}", 0)).getMessage();
        assertTrue(message.contains("more than 262144 fields"), message);
    }

    static Stream<Arguments> wasteful() {
        return Stream.of(
                arguments("one name", "{\"" + "a".repeat(200_000) + "\":{}}"),
                arguments("one name of many bytes a character", "{\"" + "\u00e9".repeat(100_000) + "\":{}}"),
                arguments("escapes", "{\"" + "\\n".repeat(100_000) + "\":{}}"),
                arguments("escapes in turns", "{\"" + "a\\n".repeat(100_000) + "\":{}}"),
                arguments("surrogate pairs", "{\"" + "\\ud83d\\ude00".repeat(20_000) + "\":{}}"),
                arguments("short notes",
                        "{\"__metadata__\":{" + fields(20_000, name -> "\"" + name + "\":\"\"") + "}}"),
                arguments("short escaped notes",
                        "{\"__metadata__\":{" + fields(20_000, name -> "\"" + name + "\\n\":\"\\n\"") + "}}"),
                arguments("notes with replacement characters",
                        "{\"__metadata__\":{" + fields(20_000, name -> "\"" + name + "\ufffd\":\"\ufffd\"") + "}}"),
                arguments("names of one hash code", "{\"__metadata__\":{"
                        + fields(1 << 14, i -> "\"" + sameHash(Integer.parseInt(i, 36)) + "\":\"\"") + "}}"),
                arguments("tensors", "{" + fields(5_000, name -> entry(name, "[0]", 0, 0)) + "}"),
                arguments("dimensions",
                        "{" + fields(1_000, name -> entry(name, "[0" + ",1".repeat(63) + "]", 0, 0)) + "}"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wasteful")
    void memoryIsBoundedByTheFilesLength(String kind, String header) {
        byte[] bytes = RawFile.of(header, 0);
        parse(bytes); // once before, so that loading classes is not counted
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        parse(bytes);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated <= BYTES_PER_BYTE * (long) bytes.length,
                () -> allocated + " bytes for a file of " + bytes.length);
    }

    private static void parse(byte[] bytes) {
        try {
            SafetensorsHeader.parse(Path.of("wasteful"), MemorySegment.ofArray(bytes));
        } catch (SafetensorsException _) {
            // Either outcome is right; what it cost counts.
        }
    }

    /** One of 2^14 strings of 28 letters with the same hash code: "Aa" and "BB" have one. */
    private static String sameHash(int index) {
        return IntStream.range(0, 14)
                .mapToObj(bit -> (index >> bit & 1) == 0 ? "Aa" : "BB")
                .collect(Collectors.joining());
    }

    /** Fields by their distinct short names, joined by commas. */
    private static String fields(int count, UnaryOperator<String> field) {
        IntFunction<String> named = i -> field.apply(Integer.toString(i, 36));
        return IntStream.range(0, count).mapToObj(named).collect(Collectors.joining(","));
    }

    @Test
    void onlyRegularFilesAreOpened() {
        assertThrows(NoSuchFileException.class, () -> Safetensors.open(directory.resolve("missing")));
        assertThrows(SafetensorsException.class, () -> Safetensors.open(directory));
    }
}
