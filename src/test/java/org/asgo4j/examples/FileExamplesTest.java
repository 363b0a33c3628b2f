// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.asgo4j.io.DType;
import org.asgo4j.io.JsonText;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsException;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.io.TensorInfo;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of tensors, as in the documentation of {@code io}. */
class FileExamplesTest {
    @TempDir
    Path folder;

    @Test
    void writeAndRead() throws IOException {
        Path file = folder.resolve("model.safetensors");
        // @start region="write"
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bias = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3);
            Matrix weight = Matrix.of(arena.allocate(ValueLayout.JAVA_FLOAT, 3 * 8), 3, 8);
            new SafetensorsWriter()
                    .metadata("steps", "2000")
                    .tensor("bias", DType.F32, List.of(3L), bias)
                    .matrix("weight", weight.segment(), 3, 8, weight.rowStride())
                    .write(file); //                          replaces a file there as a whole, or not at all
        }
        // @end
        // @start region="read"
        try (Safetensors tensors = Safetensors.open(file)) { //      reads and checks the header only
            TensorInfo info = tensors.info("bias");
            assertEquals(DType.F32, info.dtype());
            assertEquals(List.of(3L), info.shape());
            MemorySegment bias = tensors.tensor("bias"); //          the mapped file itself, until close
            assertEquals(3, bias.getAtIndex(ValueLayout.JAVA_FLOAT, 2));
        }
        // @end
    }

    @Test
    void refused() throws IOException {
        Path file = Files.writeString(folder.resolve("damaged.safetensors"), "not tensors at all");
        String why = "";
        // @start region="refused"
        try (Safetensors tensors = Safetensors.open(file)) {
            why = "fine: " + tensors.names();
        } catch (SafetensorsException e) {
            why = e.getMessage(); //                          the file, and both sides of the disagreement
        }
        // @end
        assertTrue(why.contains("damaged.safetensors"), why);
    }

    @Test
    void json() {
        // @start region="json"
        Map<String, String> fields = JsonText.fields("{\"rate\": 0.01, \"rule\": \"asgo\"}");
        assertEquals(0.01, Double.parseDouble(fields.get("rate")));
        assertEquals("\"two\\nlines\"", JsonText.quote("two\nlines"));
        // @end
    }
}
