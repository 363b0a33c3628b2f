// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static org.asgo4j.io.RawFile.entry;
import static org.asgo4j.io.Refusal.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way a tensor's type, shape and range can lie ends in a {@link SafetensorsException} with both sides. */
class HostileTensorsTest {
    private static final String GOOD = entry("a", "[2]", 0, 8);

    @TempDir
    Path directory;

    static Stream<Arguments> overlaps() {
        return Stream.of(
                arguments("by half", GOOD + "," + entry("b", "[2]", 4, 12), 12,
                        "tensor 'b' starts at 4 but tensor 'a' ends at 8: they overlap"),
                arguments("by a byte", "\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[7,12]}", 12,
                        "tensor 'b' starts at 7 but tensor 'a' ends at 8: they overlap"),
                arguments("same bytes", GOOD + "," + entry("b", "[2]", 0, 8), 8,
                        "tensor 'b' starts at 0 but tensor 'a' ends at 8: they overlap"),
                arguments("one inside the other", GOOD + "," + entry("b", "[1]", 4, 8), 8,
                        "tensor 'b' starts at 4 but tensor 'a' ends at 8: they overlap"),
                arguments("the later listed first", entry("b", "[2]", 4, 12) + "," + GOOD, 12,
                        "tensor 'b' starts at 4 but tensor 'a' ends at 8: they overlap"),
                arguments("an empty one inside", GOOD + "," + entry("b", "[0]", 4, 4), 8,
                        "tensor 'b' starts at 4 but tensor 'a' ends at 8: they overlap"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("overlaps")
    void overlappingRangesAreRefused(String lie, String entries, int dataBytes, String part) throws IOException {
        assertRefused(directory, RawFile.of("{" + entries + "}", dataBytes), part);
    }

    static Stream<Arguments> holes() {
        return Stream.of(
                arguments("between", GOOD + "," + entry("b", "[1]", 12, 16), 16,
                        "tensor 'b' starts at 12 but tensor 'a' ends at 8: there is a hole between"),
                arguments("at the start", entry("a", "[2]", 4, 12), 12,
                        "tensor 'a' starts at 4 but the header ends at 0: there is a hole between"),
                arguments("at the end", GOOD, 9, "tensor 'a' ends at 8 but the data has 9 bytes"),
                arguments("no tensor at all", "", 1, "the header ends at 0 but the data has 1 bytes"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("holes")
    void bytesOfNoTensorAreRefused(String lie, String entries, int dataBytes, String part) throws IOException {
        assertRefused(directory, RawFile.of("{" + entries + "}", dataBytes), part);
    }

    static Stream<Arguments> pastTheEnd() {
        return Stream.of(
                arguments("by a byte", GOOD, 7, "tensor 'a' ends at 8 but the data has 7"),
                arguments("no data", GOOD, 0, "tensor 'a' ends at 8 but the data has 0"),
                arguments("an empty tensor", GOOD + "," + entry("b", "[0]", 12, 12), 8,
                        "tensor 'b' starts at 12 but tensor 'a' ends at 8"),
                arguments("the second", GOOD + "," + entry("b", "[2]", 8, 16), 12,
                        "tensor 'b' ends at 16 but the data has 12"),
                arguments("far", entry("a", "[144115188075855872]", 0, 1L << 59), 8,
                        "tensor 'a' ends at 576460752303423488 but the data has 8"),
                arguments("the ends' sum overflows a long",
                        "\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,"
                                + Long.MAX_VALUE + "]},\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":["
                                + (Long.MAX_VALUE - 1) + "," + Long.MAX_VALUE + "]}", 8, "overflows"),
                arguments("the largest ranges a shape can need",
                        "\"a\":{\"dtype\":\"U8\",\"shape\":[1152921504606846975],\"data_offsets\":[0,"
                                + ((1L << 60) - 1) + "]},\"b\":{\"dtype\":\"U8\",\"shape\":[1152921504606846975],"
                                + "\"data_offsets\":[" + (Long.MAX_VALUE - (1L << 60) + 1) + "," + Long.MAX_VALUE
                                + "]}", 8, "tensor 'b' starts at 8070450532247928832"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pastTheEnd")
    void rangesPastTheEndAreRefused(String lie, String entries, int dataBytes, String part) throws IOException {
        assertRefused(directory, RawFile.of("{" + entries + "}", dataBytes), part);
    }

    static Stream<Arguments> ranges() {
        return Stream.of(
                arguments("negative begin", "[-8,0]", "tensor 'a': expected a non-negative integer, found -8"),
                arguments("negative end", "[0,-8]", "tensor 'a': expected a non-negative integer, found -8"),
                arguments("minus zero", "[-0,8]", "expected a non-negative integer, found -0"),
                arguments("end before begin", "[8,0]", "tensor 'a': data_offsets is [8, 0]"),
                arguments("fraction", "[0,8.0]", "expected a non-negative integer, found 8.0"),
                arguments("exponent", "[0,8e0]", "expected a non-negative integer, found 8e0"),
                arguments("plus", "[0,+8]", "expected a non-negative integer, found +8"),
                arguments("hexadecimal", "[0,0x8]", "expected a non-negative integer, found 0x8"),
                arguments("leading zero", "[0,08]", "integer 08 has a leading zero"),
                arguments("over a long", "[0,9223372036854775808]", "9223372036854775808 is larger than"),
                arguments("wraps to the right end", "[0,18446744073709551624]", "is larger than 9223372036854775807"),
                arguments("endless", "[0," + "1".repeat(5000) + "]", "found more than 80 characters"),
                arguments("string", "[0,\"8\"]", "expected a non-negative integer, found '\"'"),
                arguments("none", "[]", "data_offsets is []"),
                arguments("one", "[0]", "data_offsets is [0]"),
                arguments("three", "[0,4,8]", "data_offsets has more than 2 numbers"),
                arguments("no list", "8", "expected '[', found '8'"),
                arguments("null", "null", "expected '[', found 'n'"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ranges")
    void offsetsThatAreNoRangeAreRefused(String lie, String range, String part) throws IOException {
        assertRefused(directory, RawFile.of("{" + GOOD.replace("[0,8]", range) + "}", 8), part);
    }

    static Stream<Arguments> dtypes() {
        return Stream.of(
                arguments("unknown", "\"F33\"", "tensor 'a': unknown dtype 'F33'"),
                arguments("lower case", "\"f32\"", "unknown dtype 'f32'"),
                arguments("empty", "\"\"", "unknown dtype ''"),
                arguments("with a space", "\"F32 \"", "unknown dtype 'F32 '"),
                arguments("with a NUL", "\"F32\\u0000\"", "unknown dtype 'F32?'"),
                arguments("huge", "\"" + "F".repeat(10_000) + "\"", "F…'"),
                arguments("number", "32", "expected '\"', found '3'"),
                arguments("null", "null", "expected '\"', found 'n'"),
                arguments("list", "[\"F32\"]", "expected '\"', found '['"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dtypes")
    void otherDtypesAreRefused(String lie, String dtype, String part) throws IOException {
        assertRefused(directory, RawFile.of("{" + GOOD.replace("\"F32\"", dtype) + "}", 8), part);
    }

    /** Every type but those of 32 bits makes the same shape need other bytes than the range holds. */
    @ParameterizedTest
    @EnumSource
    void dtypeOfAnotherWidthIsRefused(DType dtype) throws IOException {
        byte[] bytes = RawFile.of("{" + GOOD.replace("F32", dtype.name()) + "}", 8);
        if (dtype.bits() == Float.SIZE) {
            var header = SafetensorsHeader.parse(Path.of("right"), MemorySegment.ofArray(bytes));
            assertEquals(dtype, header.tensors().get("a").dtype());
        } else {
            String both = 2 * dtype.bits() % Byte.SIZE == 0
                    ? "tensor 'a': shape [2] of %s needs %s bytes but data_offsets [0, 8] hold 8"
                            .formatted(dtype, 2 * dtype.bits() / Byte.SIZE)
                    : "tensor 'a': shape [2] of %s is not a whole number of bytes".formatted(dtype);
            assertRefused(directory, bytes, both);
        }
    }

    static Stream<Arguments> shapes() {
        return Stream.of(
                arguments("wrong size", "[3]", "shape [3] of F32 needs 12 bytes but data_offsets [0, 8] hold 8"),
                arguments("scalar", "[]", "shape [] of F32 needs 4 bytes"),
                arguments("zero", "[2,0]", "shape [2, 0] of F32 needs 0 bytes"),
                arguments("elements overflow", "[4294967296,4294967296]", "of F32 overflows"),
                arguments("elements wrap to the right size", "[9223372036854775807,2,4611686018427387905]",
                        "of F32 overflows"),
                arguments("bits overflow", "[4611686018427387904]", "of F32 overflows"),
                arguments("bits wrap to the right size", "[" + ((1L << 59) + 2) + "]", "of F32 overflows"),
                arguments("overflow before a zero", "[4294967296,4294967296,0]", "of F32 overflows"),
                arguments("dimension over a long", "[9223372036854775808]", "9223372036854775808 is larger than"),
                arguments("negative", "[-2]", "expected a non-negative integer, found -2"),
                arguments("two negatives", "[-1,-2]", "expected a non-negative integer, found -1"),
                arguments("fraction", "[2.0]", "expected a non-negative integer, found 2.0"),
                arguments("leading zero", "[02]", "integer 02 has a leading zero"),
                arguments("endless number", "[" + "1".repeat(5000) + "]", "found more than 80 characters"),
                arguments("65 dimensions", "[" + "1,".repeat(64) + "2]", "shape has more than 64 numbers"),
                arguments("endless", "[" + "1,".repeat(100_000) + "2]", "shape has more than 64 numbers"),
                arguments("trailing comma", "[2,]", "expected a non-negative integer, found ']'"),
                arguments("no list", "2", "expected '[', found '2'"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void shapesThatAreNoneOrOverflowAreRefused(String lie, String shape, String part) throws IOException {
        assertRefused(directory, RawFile.of("{" + entry("a", shape, 0, 8) + "}", 8), part);
    }

    static Stream<Arguments> entries() {
        String[] fields = {"\"dtype\":\"U8\"", "\"shape\":[8]", "\"data_offsets\":[0,8]"};
        Stream<Arguments> missing = Stream.of("dtype", "shape", "data_offsets").map(field -> {
            String[] kept = Arrays.stream(fields).filter(f -> !f.contains(field)).toArray(String[]::new);
            return arguments("no " + field, "{" + String.join(",", kept) + "}", field + " is missing");
        });
        return Stream.concat(missing, Stream.of(
                arguments("no field", "{}", "dtype is missing"),
                arguments("unknown field", "{\"order\":\"C\"}", "tensor 'a': unknown field 'order'"),
                arguments("list", "[]", "tensor 'a': expected '{', found '['"),
                arguments("null", "null", "tensor 'a': expected '{', found 'n'"),
                arguments("half a byte", "{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}",
                        "shape [3] of F4 is not a whole number of bytes")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("entries")
    void incompleteTensorsAreRefused(String lie, String entry, String part) throws IOException {
        assertRefused(directory, RawFile.of("{\"a\":" + entry + "}", 8), part);
    }
}
