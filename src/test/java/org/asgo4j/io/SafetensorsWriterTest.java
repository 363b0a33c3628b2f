// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Writing: deterministic, aligned, all or nothing, and refused where the reader would refuse. */
class SafetensorsWriterTest {
    private static final MemorySegment FOUR_BYTES = MemorySegment.ofArray(new byte[4]);

    /** Characters of a file's name on Linux, macOS and Windows. */
    private static final int LONGEST_NAME = 255;

    @TempDir
    Path directory;

    @Test
    void everythingWrittenIsReadBackAligned() throws IOException {
        long seed = 7;
        Random random = new Random(seed);
        for (int round = 0; round < 30; round++) {
            Path file = directory.resolve("f");
            String note = "é\n" + "x".repeat(round);
            SafetensorsWriter writer = new SafetensorsWriter().metadata("\"note\"", note);
            byte[][] data = new byte[1 + random.nextInt(DType.values().length)][];
            for (int i = 0; i < data.length; i++) {
                DType dtype = DType.values()[i];
                long groups = random.nextInt(50);
                data[i] = new byte[(int) (4 * groups * dtype.bits() / Byte.SIZE)];
                random.nextBytes(data[i]);
                writer.tensor("t" + i, dtype, List.of(groups, 4L), MemorySegment.ofArray(data[i]));
            }
            writer.write(file);
            byte[] first = Files.readAllBytes(file);
            writer.write(file);
            assertArrayEquals(first, Files.readAllBytes(file), "same inputs, same bytes; seed=" + seed);
            try (Safetensors opened = Safetensors.open(file)) {
                assertEquals(data.length, opened.names().size());
                assertEquals(note, opened.metadata().get("\"note\""));
                for (int i = 0; i < data.length; i++) {
                    MemorySegment tensor = opened.tensor("t" + i);
                    int bytes = Math.max(1, DType.values()[i].bits() / Byte.SIZE);
                    assertArrayEquals(data[i], tensor.toArray(JAVA_BYTE), "tensor " + i + " seed=" + seed);
                    assertEquals(0, tensor.address() % bytes, "alignment of tensor " + i + " seed=" + seed);
                }
            }
        }
    }

    @Test
    void stridedMatrixIsPackedWhateverItsSize() throws IOException {
        Path file = directory.resolve("f");
        for (int[] shape : new int[][] {{1, 1, 1}, {3, 5, 8}, {5, 3, 3}, {700, 601, 640}, {2, 400_000, 400_001}}) {
            int rows = shape[0];
            int cols = shape[1];
            int stride = shape[2];
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment matrix = arena.allocate(JAVA_FLOAT, (rows - 1L) * stride + cols);
                for (long i = 0; i < matrix.byteSize() / Float.BYTES; i++) {
                    matrix.setAtIndex(JAVA_FLOAT, i, i % stride < cols ? i / stride * cols + i % stride : Float.NaN);
                }
                new SafetensorsWriter().matrix("m", matrix, rows, cols, stride).write(file);
            }
            try (Safetensors opened = Safetensors.open(file)) {
                assertEquals(List.of((long) rows, (long) cols), opened.info("m").shape());
                float[] packed = opened.tensor("m").toArray(JAVA_FLOAT);
                for (int i = 0; i < packed.length; i++) {
                    assertEquals(i, packed[i], () -> Arrays.toString(shape));
                }
            }
        }
    }

    @Test
    void failureLeavesTheOldFileAndNoTemporary() throws IOException {
        Path file = Files.writeString(directory.resolve("model.safetensors"), "old");
        SafetensorsWriter writer = new SafetensorsWriter();
        try (Arena arena = Arena.ofConfined()) {
            writer.tensor("alive", DType.U8, List.of(4L), FOUR_BYTES);
            writer.tensor("dead", DType.U8, List.of(4L), arena.allocate(4));
        }
        assertThrows(IllegalStateException.class, () -> writer.write(file));
        assertEquals("old", Files.readString(file));
        assertEquals(List.of(file), list());

        Path taken = Files.createDirectory(directory.resolve("taken"));
        assertThrows(IOException.class, () -> new SafetensorsWriter().write(taken));
        assertEquals(List.of(file, taken), list());
    }

    @Test
    void failureNamesTheFileThatWasAskedFor() throws IOException {
        Path missing = directory.resolve("missing/f");
        var noFolder = assertThrows(NoSuchFileException.class, () -> new SafetensorsWriter().write(missing));
        assertEquals(missing + ": its folder doesn't exist", noFolder.getMessage());
        Path tooLong = directory.resolve("x".repeat(LONGEST_NAME + 1));
        var noName = assertThrows(FileSystemException.class, () -> new SafetensorsWriter().write(tooLong));
        assertEquals(tooLong.toString(), noName.getFile());
        assertEquals(List.of(), list());
    }

    @Test
    void everyNameThatTheSystemTakesCanBeWritten() throws IOException {
        Path file = directory.resolve("x".repeat(LONGEST_NAME));
        new SafetensorsWriter().write(file);
        assertEquals(List.of(file), list());
    }

    /** Trainings look for such names of processes that were killed, and remove them. */
    @Test
    void temporaryNamesAreKnown() throws IOException {
        List<String> names = new ArrayList<>();
        AtomicFile.write(directory.resolve("f"), _ -> list().forEach(file -> names.add(file.getFileName().toString())));
        assertEquals(1, names.size());
        assertTrue(names.getFirst().matches("\\.asgo4j-[0-9a-f-]{36}\\.tmp"), names::toString);
    }

    /** What a link names is replaced, and keeps its mode; a pipe, as a device, is none to be replaced. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "it has no pipes in folders, and no such permissions")
    void linksAndModesStayAndPipesAreRefused() throws IOException, InterruptedException {
        Path file = Files.writeString(directory.resolve("private"), "old");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), file.getFileName());
        scalar(3).write(link);
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        try (Safetensors written = Safetensors.open(file)) {
            assertEquals(3, written.tensor("a").get(JAVA_FLOAT, 0));
        }
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        String message = assertThrows(IOException.class, () -> scalar(3).write(pipe)).getMessage();
        assertTrue(message.contains("is a device or a pipe"), message);
        assertFalse(Files.isRegularFile(pipe));
        assertThrows(IOException.class, () -> scalar(3).write(
                Files.createSymbolicLink(directory.resolve("nowhere"), directory.resolve("missing"))));
    }

    /** Which Linux and macOS need to force a rename to disk. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "it has no such permissions")
    void aDirectoryThatCantBeReadTakesFilesAllTheSame() throws IOException {
        AtomicFile.force(directory.resolve("missing")); // nor opened by the superuser, who can read all others
        Path closed = Files.createDirectory(directory.resolve("closed"));
        Path file = closed.resolve("f");
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("-wx------"));
        try {
            scalar(1).write(file);
            scalar(2).write(file);
        } finally {
            Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        }
        try (Safetensors written = Safetensors.open(file)) {
            assertEquals(2, written.tensor("a").get(JAVA_FLOAT, 0));
        }
    }

    @Test
    void successReplacesTheOldFileWhileAReaderKeepsIt() throws IOException {
        Path file = directory.resolve("f");
        scalar(1).write(file);
        try (Safetensors old = Safetensors.open(file)) {
            scalar(2).write(file);
            assertEquals(1, old.tensor("a").get(JAVA_FLOAT, 0));
        }
        try (Safetensors replaced = Safetensors.open(file)) {
            assertEquals(2, replaced.tensor("a").get(JAVA_FLOAT, 0));
        }
        assertEquals(List.of(file), list());
    }

    @Test
    void emptyFileIsValid() throws IOException {
        Path file = directory.resolve("f");
        new SafetensorsWriter().write(file);
        assertArrayEquals(RawFile.of("{}      ", 0), Files.readAllBytes(file));
        try (Safetensors opened = Safetensors.open(file)) {
            assertTrue(opened.names().isEmpty());
        }
    }

    @Test
    void refusesWhatTheReaderWouldRefuse() {
        SafetensorsWriter writer = scalar(1).metadata("k", "v");
        refused("twice", () -> writer.tensor("a", DType.F32, List.of(), FOUR_BYTES));
        refused("metadata", () -> writer.tensor("__metadata__", DType.F32, List.of(), FOUR_BYTES));
        refused("twice", () -> writer.metadata("k", "v"));
        refused("needs 8 bytes but the segment has 4", () -> writer.tensor("b", DType.F32, List.of(2L), FOUR_BYTES));
        refused("none negative", () -> writer.tensor("b", DType.F32, List.of(-1L), FOUR_BYTES));
        refused("overflows", () -> writer.tensor("b", DType.F32, List.of(1L << 32, 1L << 32), FOUR_BYTES));
        refused("whole number", () -> writer.tensor("b", DType.F4, List.of(1L), FOUR_BYTES));
        refused("at most 64", () -> writer.tensor("b", DType.F32, Collections.nCopies(65, 1L), FOUR_BYTES));
        refused("surrogate", () -> writer.tensor("\ud800", DType.F32, List.of(), FOUR_BYTES));
        refused("stride 1", () -> writer.matrix("b", FOUR_BYTES, 1, 2, 1));
        refused("needs 8 bytes", () -> writer.matrix("b", FOUR_BYTES, 2, 1, 1));
        refused("overflow", () -> writer.matrix("b", FOUR_BYTES, 3, 1, Long.MAX_VALUE));
    }

    private static SafetensorsWriter scalar(float value) {
        return new SafetensorsWriter()
                .tensor("a", DType.F32, List.of(), MemorySegment.ofArray(new float[] {value}));
    }

    /** The header of a file with notes has them all in one field beside the tensors. */
    @Test
    void noMoreEntriesAreTakenThanTheReaderTakes() {
        var writer = new SafetensorsWriter();
        int most = JsonReader.MAX_FIELDS - 1;
        for (int i = 0; i < most; i++) writer.metadata(Integer.toString(i), "");
        refused("more than " + most + " entries", () -> writer.metadata("one more", ""));
    }

    /** As when the interrupt comes while a file is written: the channel is closed, and the work begins anew. */
    @Test
    void anInterruptMeanwhileBeginsTheWorkAnewAndStands() throws IOException {
        var attempts = new ArrayList<Boolean>();
        String result = Uninterrupted.call(() -> {
            attempts.add(Thread.currentThread().isInterrupted());
            if (attempts.size() > 1) return "done";
            Thread.currentThread().interrupt();
            throw new ClosedByInterruptException();
        });
        assertTrue(Thread.interrupted(), "the interrupt stands, and is cleared for the tests that follow");
        assertEquals("done", result);
        assertEquals(List.of(false, false), attempts);
    }

    private static void refused(String both, Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.contains(both), message);
    }

    private List<Path> list() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }
}
