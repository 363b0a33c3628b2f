// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutated files are opened or refused with a {@link SafetensorsException}: nothing else is thrown, and memory stays
 * bounded by the file's length. {@code -Dasgo4j.fuzz=1000000} makes a million of them.
 */
class SafetensorsFuzzTest {
    /** Enough to meet every reason for a refusal: the rarest is met 16 times in them on average. */
    private static final int LEAST_CASES = 20_000;

    private static final int CASES = Math.max(LEAST_CASES, Integer.getInteger("asgo4j.fuzz", LEAST_CASES));

    /** Of them, this many go through files too, which takes a hundred times as long. */
    private static final int MAPPED_CASES = 200;

    /** What parsing may allocate: garbage for each byte of a file, as {@link JsonReader} promises, and an exception. */
    private static final int BYTES_PER_BYTE = 64;

    private static final int BYTES_OF_EXCEPTIONS = 1 << 16;

    private static final Path NOWHERE = Path.of("mutated");

    /** What refusals say; a mutator that never gets so far tests less than it seems to. */
    private static final List<String> REASONS = List.of(
            "header length is", "must begin with '{'", "found the end", "expected the end", "control character",
            "unknown escape", "hexadecimal", "half of a surrogate pair", "not valid UTF-8", "appears twice",
            "must be an object of strings", "unknown field", "is missing", "unknown dtype", "leading zero",
            "is larger than", "more than 80 characters", "numbers", "data_offsets is", "overflows",
            "not a whole number of bytes", "needs", "they overlap", "there is a hole between", "but the data has");

    @TempDir
    Path directory;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final long seed = Seeds.next();
    private final boolean[] seen = new boolean[REASONS.size()];

    @Test
    void validSeedsAreOpened() throws IOException {
        for (String header : Mutator.HEADERS) {
            checkRanges(SafetensorsHeader.parse(NOWHERE, MemorySegment.ofArray(Mutator.valid(header))),
                    Mutator.valid(header));
        }
    }

    @Test
    void mutationsAreOpenedOrRefused() throws IOException {
        int refused = 0;
        for (int i = 0; i < CASES; i++) {
            byte[] bytes = Mutator.file(seed + i);
            try {
                if (!opens(bytes)) refused++;
                boundMemory(bytes);
                if (i % (CASES / MAPPED_CASES) == 0) openFile(bytes);
            } catch (Throwable escaped) {
                throw new AssertionError("seed=%d case %d: %s".formatted(seed, i,
                        JsonReader.shown(new String(bytes, StandardCharsets.ISO_8859_1))), escaped);
            }
        }
        assertTrue(refused < CASES, "all were refused; seed=" + seed);
        assertTrue(refused > CASES / 2, refused + " of " + CASES + " refused; seed=" + seed);
        for (int i = 0; i < seen.length; i++) {
            assertTrue(seen[i], "no mutation was refused for '" + REASONS.get(i) + "'; seed=" + seed);
        }
    }

    /** Whether the bytes are accepted; anything but the typed refusal escapes. */
    private boolean opens(byte[] bytes) {
        try {
            checkRanges(SafetensorsHeader.parse(NOWHERE, MemorySegment.ofArray(bytes)), bytes);
            return true;
        } catch (SafetensorsException e) {
            for (int i = 0; i < seen.length; i++) seen[i] |= e.getMessage().contains(REASONS.get(i));
            return false;
        }
    }

    /** The ranges lie in the data, and are as many bytes as there are. */
    private static void checkRanges(SafetensorsHeader header, byte[] bytes) {
        MemorySegment data = MemorySegment.ofArray(bytes).asSlice(header.dataStart());
        long sum = 0;
        for (TensorInfo tensor : header.tensors().values()) {
            assertEquals(tensor.byteLength(), data.asSlice(tensor.offset(), tensor.byteLength()).byteSize());
            assertEquals(tensor.byteLength() * Byte.SIZE, tensor.elements() * tensor.dtype().bits());
            sum += tensor.byteLength();
        }
        assertEquals(data.byteSize(), sum);
    }

    private void boundMemory(byte[] bytes) {
        long limit = BYTES_OF_EXCEPTIONS + (long) BYTES_PER_BYTE * bytes.length;
        // The first time classes may be loaded for it, whose cost is the virtual machine's.
        if (allocated(bytes) <= limit) return;
        long allocated = allocated(bytes);
        assertTrue(allocated <= limit, () -> allocated + " bytes allocated for a file of " + bytes.length);
    }

    private long allocated(byte[] bytes) {
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            SafetensorsHeader.parse(NOWHERE, MemorySegment.ofArray(bytes));
        } catch (SafetensorsException _) {
            // What it cost counts.
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    /** The same through a mapped file; what is accepted can be written again and is the same then. */
    private void openFile(byte[] bytes) throws IOException {
        Path file = Files.write(directory.resolve("mutated.safetensors"), bytes);
        Path copy = directory.resolve("copy.safetensors");
        try (Safetensors opened = Safetensors.open(file)) {
            assertTrue(opens(bytes), "the file is opened, its bytes are refused");
            SafetensorsWriter writer = new SafetensorsWriter();
            opened.metadata().forEach(writer::metadata);
            for (String name : opened.names()) {
                TensorInfo info = opened.info(name);
                writer.tensor(name, info.dtype(), info.shape(), opened.tensor(name));
            }
            writer.write(copy);
            try (Safetensors again = Safetensors.open(copy)) {
                assertSame(opened, again);
            }
        } catch (SafetensorsException e) {
            assertEquals(file.toString(), e.file());
            assertTrue(!opens(bytes), "the file is refused, its bytes are opened: " + e.getMessage());
        }
    }

    private static void assertSame(Safetensors expected, Safetensors actual) {
        assertEquals(expected.metadata(), actual.metadata());
        assertEquals(List.copyOf(expected.names()), List.copyOf(actual.names()));
        for (String name : expected.names()) {
            assertEquals(expected.info(name).dtype(), actual.info(name).dtype());
            assertEquals(expected.info(name).shape(), actual.info(name).shape());
            assertEquals(-1, expected.tensor(name).mismatch(actual.tensor(name)), name);
        }
    }

    @Test
    void theSameSeedMakesTheSameFile() {
        assertTrue(Arrays.equals(Mutator.file(seed), Mutator.file(seed)), "seed=" + seed);
    }
}
