// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.testing;

import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Vectors of every kind of segment, as an application has them beside this library. C2 leaves out of a loop what an
 * access never met so far in this JVM: heap arrays, mapped files, arenas of one thread. After this it has met them all.
 */
public final class OtherMemory {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

    /** More than it takes C2 to look at an access. */
    private static final int ACCESSES = 20_000;

    private OtherMemory() {}

    /** Loads and stores a vector of each kind some thousand times. */
    public static void use() throws IOException {
        int bytes = FLOATS.vectorByteSize();
        try (Arena arena = Arena.ofConfined();
                FileChannel file =
                        FileChannel.open(Files.createTempFile("asgo4j", null), READ, WRITE, DELETE_ON_CLOSE)) {
            List<MemorySegment> kinds = List.of(MemorySegment.ofArray(new float[FLOATS.length()]),
                    MemorySegment.ofArray(new byte[bytes]), arena.allocate(bytes), Arena.ofAuto().allocate(bytes),
                    file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena));
            for (int i = 0; i < ACCESSES; i++) {
                for (MemorySegment each : kinds) {
                    FloatVector old = FloatVector.fromMemorySegment(FLOATS, each, 0, ByteOrder.nativeOrder());
                    old.add(1).intoMemorySegment(each, 0, ByteOrder.nativeOrder());
                }
            }
        }
    }
}
