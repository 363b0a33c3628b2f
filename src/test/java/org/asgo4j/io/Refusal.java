// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** Asserts that hostile bytes are refused. */
final class Refusal {
    private Refusal() {}

    /** Opening the bytes as a file must be refused with a message that names the file and says {@code part}. */
    static void assertRefused(Path directory, byte[] bytes, String part) throws IOException {
        Path file = Files.write(directory.resolve("hostile.safetensors"), bytes);
        SafetensorsException refusal = assertThrows(SafetensorsException.class, () -> Safetensors.open(file));
        assertTrue(refusal.getMessage().startsWith(file + ": "), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
        assertEquals(file.toString(), refusal.file());
    }

    /** The refusal of bytes that are parsed without a file. */
    static SafetensorsException of(byte[] bytes) {
        return assertThrows(SafetensorsException.class,
                () -> SafetensorsHeader.parse(Path.of("hostile"), MemorySegment.ofArray(bytes)));
    }
}
