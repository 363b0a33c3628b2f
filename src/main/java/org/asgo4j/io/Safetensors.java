// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;

/**
 * An open safetensors file, mapped into memory and fully checked. Owns the mapping; every segment handed out dies with
 * {@link #close}.
 *
 * <p>Opening reads the header only. Reading a tensor reads the file's pages as they are touched, so the file must not
 * be truncated while it is open: the virtual machine answers such an access with an {@link InternalError}. Replacing
 * the file by renaming another over it, as {@link SafetensorsWriter} does, is harmless: the old contents stay until the
 * mapping is closed. Any thread may read.
 *
 * {@snippet file="FileExamplesTest.java" region="read"}
 */
public final class Safetensors implements AutoCloseable {
    private final Path file;
    private final Arena arena;
    private final MemorySegment bytes;
    private final SafetensorsHeader header;

    private Safetensors(Path file, Arena arena, MemorySegment bytes, SafetensorsHeader header) {
        this.file = file;
        this.arena = arena;
        this.bytes = bytes;
        this.header = header;
    }

    /**
     * Maps a file and checks its header. The file is treated as hostile: the header's length, UTF-8 and JSON, every
     * type, shape and byte range, duplicate names, and that the ranges cover the data exactly.
     *
     * @param file a regular file
     * @return the open file, to be closed by the caller
     * @throws SafetensorsException if the file is not valid safetensors, or not a regular file
     * @throws NoSuchFileException  if there is no such file
     * @throws IOException          if it can't be read
     */
    public static Safetensors open(Path file) throws IOException {
        Objects.requireNonNull(file, "file");
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        if (!Files.isRegularFile(file)) {
            throw new SafetensorsException(file, "is not a regular file");
        }
        return Uninterrupted.call(() -> map(file));
    }

    private static Safetensors map(Path file) throws IOException {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new Safetensors(file, arena, bytes, SafetensorsHeader.parse(file, bytes));
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    /**
     * Returns the file's own notes.
     *
     * @return the strings under {@code __metadata__} in file order, unmodifiable; empty if the file has none
     */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /**
     * Returns the names of all tensors.
     *
     * @return the names in file order, unmodifiable
     */
    public Set<String> names() {
        return header.tensors().keySet();
    }

    /**
     * Tells whether the file has a tensor.
     *
     * @param name its name
     * @return true if it has
     */
    public boolean contains(String name) {
        return header.tensors().containsKey(name);
    }

    /**
     * Describes one tensor.
     *
     * @param name its name
     * @return type, shape and place
     * @throws NoSuchElementException if the file has no such tensor
     */
    public TensorInfo info(String name) {
        TensorInfo info = header.tensors().get(name);
        if (info == null) {
            throw new NoSuchElementException(
                    "%s: no tensor '%s' among its %s tensors".formatted(file, name, names().size()));
        }
        return info;
    }

    /**
     * Returns the values of one tensor as a read-only view of the mapped file, valid until {@link #close}. Values are
     * little-endian and row-major. The format doesn't promise that they are aligned to their size (files of {@link
     * SafetensorsWriter} are), so read files of others through an unaligned layout such as {@link
     * java.lang.foreign.ValueLayout#JAVA_FLOAT_UNALIGNED}.
     *
     * @param name name of the tensor
     * @return {@link TensorInfo#byteLength} bytes
     * @throws NoSuchElementException if the file has no such tensor
     */
    public MemorySegment tensor(String name) {
        TensorInfo info = info(name);
        return bytes.asSlice(header.dataStart() + info.offset(), info.byteLength());
    }

    /** Unmaps the file; segments from {@link #tensor} throw from now on. A second call does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
