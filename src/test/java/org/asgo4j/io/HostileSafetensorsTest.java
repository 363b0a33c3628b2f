package org.asgo4j.io;

import static org.asgo4j.io.RawFile.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way a file can lie ends in a {@link SafetensorsException} that names the file and both sides. */
class HostileSafetensorsTest {
    private static final int MUTATIONS = 20_000;
    private static final int MAPPED_MUTATIONS = 200;

    @TempDir
    Path directory;

    static Stream<Arguments> lies() {
        String good = entry("a", "[2]", 0, 8);
        return Stream.of(
                arguments("empty", new byte[0], "0 bytes"),
                arguments("shorter than the length", new byte[7], "7 bytes"),
                arguments("no header", RawFile.of("", 0), "must begin with '{'"),
                arguments("not an object", RawFile.of("[]", 0), "must begin with '{'"),
                arguments("space before the header", RawFile.of(" {}", 0), "must begin with '{'"),
                arguments("header past the file", RawFile.withLength(3, "{}".getBytes(StandardCharsets.UTF_8), 0),
                        "header length is 3 but only 2 bytes follow"),
                arguments("header too long", RawFile.withLength(100_000_001, new byte[4], 0),
                        "header length is 100000001; at most 100000000"),
                arguments("unsigned header length", RawFile.withLength(-1, new byte[4], 0),
                        "header length is 18446744073709551615"),
                arguments("truncated header", RawFile.of("{\"a\":", 0), "found the end"),
                arguments("text after the header", RawFile.of("{}x", 0), "expected the end, found 'x'"),
                arguments("a NUL after the header", RawFile.of("{}\0", 0), "byte 0x00"),
                arguments("trailing garbage",
                        RawFile.of("{" + good + "}", 9), "tensor 'a' ends at 8 but the data has 9"),
                arguments("data without tensors", RawFile.of("{}", 1), "the header ends at 0 but the data has 1 bytes"),
                arguments("data cut off", RawFile.of("{" + good + "}", 7), "tensor 'a' ends at 8 but the data has 7"),
                arguments("overlap", RawFile.of("{" + good + "," + entry("b", "[2]", 4, 12) + "}", 12),
                        "tensor 'b' starts at 4 but tensor 'a' ends at 8: they overlap"),
                arguments("same bytes twice", RawFile.of("{" + good + "," + entry("b", "[2]", 0, 8) + "}", 8),
                        "tensor 'b' starts at 0 but tensor 'a' ends at 8: they overlap"),
                arguments("hole", RawFile.of("{" + good + "," + entry("b", "[1]", 12, 16) + "}", 16),
                        "tensor 'b' starts at 12 but tensor 'a' ends at 8: there is a hole between"),
                arguments("hole at the start", RawFile.of("{" + entry("a", "[2]", 4, 12) + "}", 12), "starts at 4"),
                arguments("end before begin",
                        RawFile.of("{" + entry("a", "[2]", 8, 0) + "}", 8), "'a': data_offsets is [8, 0]"),
                arguments("negative offset", RawFile.of("{" + entry("a", "[2]", -8, 0) + "}", 8), "'a'"),
                arguments("offset over a long", RawFile.of("{\"a\":{\"data_offsets\":[0,9223372036854775808]}}", 0),
                        "larger than 9223372036854775807"),
                arguments("far past the file",
                        RawFile.of("{" + entry("a", "[144115188075855872]", 0, 1L << 59) + "}", 8),
                        "ends at 576460752303423488"),
                arguments("one offset",
                        RawFile.of("{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0]}}", 0), "[0]"),
                arguments("three offsets", RawFile.of("{\"a\":{\"data_offsets\":[0,1,2]}}", 0), "more than 2 numbers"),
                arguments("name twice", RawFile.of("{" + good + "," + good + "}", 8), "'a' appears twice"),
                arguments("same name, escaped", RawFile.of("{" + good + "," + entry("\\u0061", "[2]", 0, 8) + "}", 8),
                        "'a' appears twice"),
                arguments("field twice",
                        RawFile.of("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0), "'dtype' appears twice"),
                arguments("unknown field",
                        RawFile.of("{\"a\":{\"order\":\"C\"}}", 0), "tensor 'a': unknown field 'order'"),
                arguments("no shape",
                        RawFile.of("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}}", 0), "shape is missing"),
                arguments("no dtype", RawFile.of("{\"a\":{}}", 0), "dtype is missing"),
                arguments("unknown dtype",
                        RawFile.of("{" + good.replace("F32", "F33") + "}", 8), "tensor 'a': unknown dtype 'F33'"),
                arguments("dtype is a number",
                        RawFile.of("{" + good.replace("\"F32\"", "32") + "}", 8), "expected '\"'"),
                arguments("wrong dtype", RawFile.of("{" + good.replace("F32", "F64") + "}", 8),
                        "tensor 'a': shape [2] of F64 needs 16 bytes but data_offsets [0, 8] hold 8"),
                arguments("wrong shape", RawFile.of("{" + entry("a", "[3]", 0, 8) + "}", 8), "needs 12 bytes"),
                arguments("shape overflows",
                        RawFile.of("{" + entry("a", "[4294967296,4294967296]", 0, 8) + "}", 8), "overflows"),
                arguments("bits overflow",
                        RawFile.of("{" + entry("a", "[4611686018427387904]", 0, 8) + "}", 8), "overflows"),
                arguments("negative dimension", RawFile.of("{" + entry("a", "[-2]", 0, 8) + "}", 8), "found -2"),
                arguments("fractional dimension", RawFile.of("{" + entry("a", "[2.0]", 0, 8) + "}", 8), "found 2.0"),
                arguments("exponent", RawFile.of("{" + entry("a", "[2e0]", 0, 8) + "}", 8), "found 2e0"),
                arguments("leading zero", RawFile.of("{" + entry("a", "[02]", 0, 8) + "}", 8), "leading zero"),
                arguments("endless number",
                        RawFile.of("{" + entry("a", "[" + "1".repeat(5000) + "]", 0, 8) + "}", 8), "more than 80"),
                arguments("65 dimensions",
                        RawFile.of("{" + entry("a", "[" + "1,".repeat(64) + "1]", 0, 4) + "}", 4), "more than 64"),
                arguments("half a byte",
                        RawFile.of("{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1),
                        "not a whole number of bytes"),
                arguments("tensor is a list", RawFile.of("{\"a\":[]}", 0), "tensor 'a': expected '{', found '['"),
                arguments("deep nesting", RawFile.of("{\"a\":" + "[".repeat(100_000), 0), "expected '{', found '['"),
                arguments("deep shape", RawFile.of("{\"a\":{\"shape\":" + "[".repeat(100_000), 0), "found '['"),
                arguments("metadata is null", RawFile.of("{\"__metadata__\":null}", 0), "metadata must be strings"),
                arguments("metadata holds a number",
                        RawFile.of("{\"__metadata__\":{\"a\":1}}", 0), "metadata must be strings"),
                arguments("metadata nests", RawFile.of("{\"__metadata__\":{\"a\":{}}}", 0), "metadata must be strings"),
                arguments("metadata twice",
                        RawFile.of("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "appears twice"),
                arguments("bad UTF-8", RawFile.of("{\"\u00e9\":{}}".getBytes(StandardCharsets.ISO_8859_1), 0), "UTF-8"),
                arguments("overlong UTF-8",
                        RawFile.of(new byte[] {'{', '"', (byte) 0xc0, (byte) 0x80, '"'}, 0), "UTF-8"),
                arguments("half a surrogate pair", RawFile.of("{\"\\ud800\":{}}", 0), "surrogate"),
                arguments("control character", RawFile.of("{\"\n\":{}}", 0), "control character 10"),
                arguments("bad escape", RawFile.of("{\"\\x\":{}}", 0), "unknown escape"),
                arguments("short escape", RawFile.of("{\"\\u00g0\":{}}", 0), "hexadecimal"),
                arguments("trailing comma", RawFile.of("{" + good + ",}", 8), "expected '\"', found '}'"),
                arguments("single quotes", RawFile.of("{'a':{}}", 0), "expected '\"'"),
                arguments("comment", RawFile.of("{/**/}", 0), "found '/'"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lies")
    void refusesEveryLie(String lie, byte[] bytes, String both) throws IOException {
        Path file = Files.write(directory.resolve("hostile.safetensors"), bytes);
        SafetensorsException refusal = assertThrows(SafetensorsException.class, () -> Safetensors.open(file), lie);
        assertTrue(refusal.getMessage().startsWith(file + ": "), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(both), refusal.getMessage());
        assertEquals(file.toString(), refusal.file());
    }

    @Test
    void messageOfHugeOrBinaryNameIsShortAndPrintable() {
        String name = "\\u0000\\u001b" + "x".repeat(1_000_000);
        SafetensorsException refusal = refusal(RawFile.of("{\"" + name + "\":0}", 0));
        assertTrue(refusal.getMessage().length() < 300, () -> refusal.getMessage().length() + " characters");
        assertTrue(refusal.getMessage().chars().noneMatch(Character::isISOControl), refusal.getMessage());
    }

    @Test
    void fieldsAreCountedBeforeTheyFillTheHeap() {
        StringBuilder header = new StringBuilder("{\"__metadata__\":{");
        for (int i = 0; i <= JsonReader.MAX_FIELDS; i++) {
            header.append(i == 0 ? "" : ",").append('"').append(i).append("\":\"\"");
        }
        assertTrue(refusal(RawFile.of(header + "}}", 0)).getMessage().contains("more than 262144 fields"));
    }

    @Test
    void onlyRegularFilesAreOpened() {
        assertThrows(NoSuchFileException.class, () -> Safetensors.open(directory.resolve("missing")));
        assertThrows(SafetensorsException.class, () -> Safetensors.open(directory));
    }

    @Test
    void mutationsGiveTypedErrorsOnly() throws IOException {
        byte[] original = valid();
        long seed = 20250323;
        Random random = new Random(seed);
        Path file = directory.resolve("mutated.safetensors");
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] bytes = mutate(original.clone(), random);
            try {
                SafetensorsHeader header = SafetensorsHeader.parse(file, MemorySegment.ofArray(bytes));
                header.tensors().values().forEach(t -> MemorySegment.ofArray(bytes).asSlice(
                        header.dataStart() + t.offset(), t.byteLength()));
            } catch (SafetensorsException _) {
                refused++;
            } catch (Throwable escaped) {
                String text = new String(bytes, StandardCharsets.ISO_8859_1);
                throw new AssertionError("seed=" + seed + " mutation " + i + ": " + text, escaped);
            }
            if (i % (MUTATIONS / MAPPED_MUTATIONS) == 0) {
                openOrRefuse(Files.write(file, bytes), seed, i);
            }
        }
        assertTrue(refused > MUTATIONS / 2, refused + " of " + MUTATIONS + " refused; seed=" + seed);
        assertTrue(refused < MUTATIONS, "no mutation of the data alone was accepted; seed=" + seed);
    }

    private static void openOrRefuse(Path file, long seed, int mutation) {
        try (Safetensors opened = Safetensors.open(file)) {
            for (String name : opened.names()) {
                assertEquals(opened.info(name).byteLength(), opened.tensor(name).byteSize());
            }
        } catch (SafetensorsException _) {
            // The other allowed outcome.
        } catch (Throwable escaped) {
            throw new AssertionError("seed=" + seed + " mutation " + mutation, escaped);
        }
    }

    private static byte[] mutate(byte[] bytes, Random random) {
        int header = bytes.length - 28;
        for (int edits = 1 + random.nextInt(4); edits > 0; edits--) {
            int at = random.nextInt(random.nextInt(8) == 0 ? bytes.length : header);
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
                case 1 -> bytes[at] = (byte) random.nextInt(1 << Byte.SIZE);
                case 2 -> bytes[at] = (byte) "{}[]\",:0123456789-\\ue.".charAt(random.nextInt(22));
                case 3 -> {
                    int from = random.nextInt(header);
                    int length = Math.min(1 + random.nextInt(40), bytes.length - Math.max(at, from));
                    System.arraycopy(bytes, from, bytes, at, length);
                }
                default -> {
                    bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 16) + 1);
                    header = Math.max(1, Math.min(header, bytes.length));
                }
            }
        }
        return bytes;
    }

    private static byte[] valid() {
        return RawFile.of("{\"__metadata__\":{\"hyper\":\"{\\\"lr\\\": 0.01}\",\"\\u00e9\":\"\\ud83d\\ude00\"},"
                + entry("a", "[2,2]", 0, 16) + "," + entry("b.weight", "[3]", 16, 28) + ","
                + entry("empty", "[0,5]", 28, 28) + "}   ", 28);
    }

    private static SafetensorsException refusal(byte[] bytes) {
        return assertThrows(SafetensorsException.class,
                () -> SafetensorsHeader.parse(Path.of("hostile"), MemorySegment.ofArray(bytes)));
    }
}
