// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reading: the golden files of another writer, lifetime, and what valid files may look like. */
class SafetensorsTest {
    @TempDir
    Path directory;

    static Stream<Path> goldenFiles() throws IOException, URISyntaxException {
        Path golden = Path.of(SafetensorsTest.class.getResource("/golden").toURI());
        try (Stream<Path> files = Files.list(golden)) {
            List<Path> sorted = files.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
            assertFalse(sorted.isEmpty(), "no golden files in " + golden);
            return sorted.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void goldenFilesOpenAndHoldWhatTheirMetadataSays(Path file) throws IOException {
        try (Safetensors golden = Safetensors.open(file)) {
            Map<String, String> metadata = golden.metadata();
            long rows = Long.parseLong(metadata.get("rows"));
            long cols = Long.parseLong(metadata.get("cols"));
            int steps = Integer.parseInt(metadata.get("steps"));
            assertEquals("weight.0", golden.names().iterator().next());
            assertTrue(Double.parseDouble(JsonText.fields(metadata.get("hyper")).get("lr")) > 0);
            boolean exact = "asgo".equals(metadata.get("optimizer"));
            for (String series : List.of("gradient", "weight", exact ? "exact" : "weight")) {
                for (int t = 1; t <= steps; t++) {
                    TensorInfo info = golden.info(series + "." + t);
                    assertEquals(List.of(rows, cols), info.shape());
                    assertEquals(DType.F32, info.dtype());
                    assertEquals(rows * cols, info.elements());
                    float[] values = golden.tensor(info.name()).toArray(JAVA_FLOAT_UNALIGNED);
                    for (float value : values) {
                        assertTrue(Float.isFinite(value), info.name());
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void goldenFilesSurviveARoundTripByteForByte(Path file) throws IOException {
        Path copy = directory.resolve("copy.safetensors");
        try (Safetensors golden = Safetensors.open(file)) {
            SafetensorsWriter writer = new SafetensorsWriter();
            golden.metadata().forEach(writer::metadata);
            for (String name : golden.names()) {
                TensorInfo info = golden.info(name);
                writer.tensor(name, info.dtype(), info.shape(), golden.tensor(name));
            }
            writer.write(copy);
        }
        assertEquals(-1, Files.mismatch(file, copy), "first differing byte");
    }

    @Test
    void headerOrderIsKeptAndRangesMayComeInAnyOrder() throws IOException {
        Path file = Files.write(directory.resolve("f"), RawFile.of("{"
                + RawFile.entry("z", "[1]", 8, 12) + " , \n"
                + RawFile.entry("scalar", "[]", 4, 8) + ","
                + RawFile.entry("empty", "[7,0]", 4, 4) + ","
                + RawFile.entry("a/\\u00e9\\\"", "[1,1]", 0, 4) + "}  ", 12));
        try (Safetensors opened = Safetensors.open(file)) {
            assertEquals(List.of("z", "scalar", "empty", "a/é\""), List.copyOf(opened.names()));
            assertEquals(1, opened.info("scalar").elements());
            assertEquals(0, opened.tensor("empty").byteSize());
            assertTrue(opened.metadata().isEmpty());
            assertThrows(UnsupportedOperationException.class, () -> opened.names().clear());
        }
    }

    @Test
    void tensorIsReadOnlyAndDiesWithTheFile() throws IOException {
        Path file = directory.resolve("f");
        new SafetensorsWriter()
                .tensor("a", DType.F32, List.of(3L), MemorySegment.ofArray(new float[] {1, 2, 3}))
                .write(file);
        MemorySegment view;
        try (Safetensors opened = Safetensors.open(file)) {
            view = opened.tensor("a");
            assertArrayEquals(new float[] {1, 2, 3}, view.toArray(JAVA_FLOAT));
            assertThrows(IllegalArgumentException.class, () -> view.set(JAVA_BYTE, 0, (byte) 0));
            String message = assertThrows(NoSuchElementException.class, () -> opened.tensor("b")).getMessage();
            assertTrue(message.contains(file.toString()) && message.contains("'b'"), message);
        }
        assertThrows(IllegalStateException.class, () -> view.get(JAVA_BYTE, 0));
    }

    @Test
    void flatJsonFieldsKeepOrderAndText() {
        String json = "{'lr': 0.01, 'eps': 1e-10, 'nesterov': false, 'note': 'a\\'b', 'none': null}".replace('\'', '"');
        assertEquals("{lr=0.01, eps=1e-10, nesterov=false, note=a\"b, none=null}", JsonText.fields(json).toString());
        List<String> wrong = List.of("", "{", "[]", "{'a':[]}", "{'a':01}", "{'a':tru}", "{'a':1,'a':2}", "{'a':1}}");
        for (String bad : wrong.stream().map(text -> text.replace('\'', '"')).toList()) {
            assertThrows(IllegalArgumentException.class, () -> JsonText.fields(bad), bad);
        }
        String every = "\u0000\u001f \"\\/\n\r\t\u007f é€😀";
        assertEquals(every, JsonText.fields("{\"k\":" + JsonText.quote(every) + "}").get("k"));
    }
}
