// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Collects metadata and tensors and writes them as one safetensors file. Equal inputs give equal bytes.
 *
 * <p>Header entries keep the order in which they were added. The header is padded with spaces so that the data starts
 * at a multiple of eight bytes, and wider types are laid out before narrower ones (otherwise in the order added), so
 * every tensor is aligned to its elements. Tensors are borrowed: their memory is read by {@link #write} and must be
 * alive and unchanged until it returns.
 *
 * {@snippet file="FileExamplesTest.java" region="write"}
 */
public final class SafetensorsWriter {
    /** Alignment of the data, that of the widest element. */
    private static final int ALIGNMENT = Long.BYTES;
    /** Copied through a buffer of this size, which stays in a core's cache and takes heap and native tensors alike. */
    private static final int STAGING_BYTES = 1 << 20;

    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, Source> sources = new LinkedHashMap<>();
    private final List<Runnable> guards = new ArrayList<>();

    /** Creates a writer with no metadata and no tensors. */
    public SafetensorsWriter() {}

    /** One tensor to write: {@code rows} runs of {@code rowBytes} bytes, {@code strideBytes} apart. */
    private record Source(
            DType dtype, List<Long> shape, MemorySegment data, long rows, long rowBytes, long strideBytes) {
        long bytes() {
            return rows * rowBytes;
        }
    }

    /**
     * Adds a note to the file's metadata.
     *
     * @param key   its name
     * @param value its text
     * @return this writer
     * @throws IllegalArgumentException if the key was added before, or either has half of a surrogate pair
     */
    public SafetensorsWriter metadata(String key, String value) {
        JsonText.quote(key);
        JsonText.quote(value);
        checkRoom(metadata);
        if (metadata.putIfAbsent(key, value) != null) {
            throw new IllegalArgumentException("metadata '%s' was added twice".formatted(JsonReader.shown(key)));
        }
        return this;
    }

    /**
     * Adds a contiguous tensor of little-endian values.
     *
     * @param name  its name, unique, not {@code __metadata__}
     * @param dtype type of its elements
     * @param shape dimensions, outermost first; empty for a scalar
     * @param data  exactly as many bytes as type and shape need; heap or native
     * @return this writer
     * @throws IllegalArgumentException if the name is taken or reserved, a dimension is negative, the size overflows,
     *                                  or {@code data} has another size
     */
    public SafetensorsWriter tensor(String name, DType dtype, List<Long> shape, MemorySegment data) {
        long bytes = checkedBytes(name, dtype, shape);
        if (data.byteSize() != bytes) {
            throw refused(name, "shape %s of %s needs %s bytes but the segment has %s",
                    shape, dtype, bytes, data.byteSize());
        }
        return add(name, new Source(dtype, List.copyOf(shape), data, 1, bytes, bytes));
    }

    /**
     * Adds a row-major float32 matrix whose rows may be further apart than they are long; only the rows are written,
     * packed.
     *
     * @param name      its name, unique, not {@code __metadata__}
     * @param data      at least {@code (rows−1)·rowStride + cols} floats
     * @param rows      number of rows, at least 1
     * @param cols      elements of a row
     * @param rowStride elements from one row's start to the next, at least {@code cols}
     * @return this writer
     * @throws IllegalArgumentException if the name is taken or reserved, a size is negative or overflows, or {@code
     *                                  data} is too short
     */
    public SafetensorsWriter matrix(String name, MemorySegment data, long rows, long cols, long rowStride) {
        long bytes = checkedBytes(name, DType.F32, List.of(rows, cols));
        if (rows < 1 || rowStride < cols) {
            throw refused(name, "%s rows, stride %s; 1 row and stride cols = %s are the least", rows, rowStride, cols);
        }
        long needed;
        try {
            long floats = Math.addExact(Math.multiplyExact(rows - 1, rowStride), cols);
            needed = Math.multiplyExact(floats, (long) Float.BYTES);
        } catch (ArithmeticException _) {
            throw refused(name, "%s rows with stride %s overflow", rows, rowStride);
        }
        if (data.byteSize() < needed) {
            throw refused(name, "%sx%s with stride %s needs %s bytes but the segment has %s",
                    rows, cols, rowStride, needed, data.byteSize());
        }
        return add(name, new Source(DType.F32, List.of(rows, cols), data, rows, bytes / rows, rowStride * Float.BYTES));
    }

    /**
     * Adds a check of what was added: {@link #write} runs it before the tensors are read and again before the new file
     * takes its place. What it throws ends the write, and a file that was there stays. So that tensors which others go
     * on changing can't make a file of two halves.
     *
     * @param check throws if tensors have changed since they were added
     * @return this writer
     */
    public SafetensorsWriter guard(Runnable check) {
        guards.add(Objects.requireNonNull(check, "check"));
        return this;
    }

    /**
     * Writes the file: to a temporary file in the same directory, forced to disk and renamed. If anything fails the
     * temporary file is removed and a file that was there before is untouched; a process that is killed may leave a
     * {@code .asgo4j-….tmp}. Then the directory is forced to disk too; where that can't be, the file is written all the
     * same and a warning logged: after a power failure it may be the one of before, but no mixture. In an interrupted
     * thread it is written all the same, and the thread is interrupted afterwards.
     *
     * @param file where to write; a file there is replaced
     * @throws IOException              if the directory can't be written to, or the file can't be replaced
     * @throws IllegalArgumentException if the header is longer than the format allows
     * @throws IllegalStateException    if the memory of a tensor is closed, or belongs to another thread
     */
    public void write(Path file) throws IOException {
        List<Map.Entry<String, Source>> layout = new ArrayList<>(sources.entrySet());
        layout.sort(Comparator.comparingInt(entry -> -entry.getValue().dtype().bits()));
        byte[] header = header(layout);
        AtomicFile.write(file, new AtomicFile.Content() {
            @Override
            public void writeTo(FileChannel channel) throws IOException {
                check();
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment staging = arena.allocate(STAGING_BYTES);
                    drain(channel, ByteBuffer.wrap(header));
                    for (Map.Entry<String, Source> entry : layout) {
                        copy(entry.getValue(), staging, channel);
                    }
                }
            }

            @Override
            public void check() {
                guards.forEach(Runnable::run);
            }
        });
    }

    private byte[] header(List<Map.Entry<String, Source>> layout) {
        Map<String, Long> offsets = new LinkedHashMap<>();
        long end = 0;
        for (Map.Entry<String, Source> entry : layout) {
            offsets.put(entry.getKey(), end);
            end = Math.addExact(end, entry.getValue().bytes());
        }
        List<String> fields = new ArrayList<>();
        if (!metadata.isEmpty()) {
            List<String> notes = new ArrayList<>();
            metadata.forEach((key, value) -> notes.add(JsonText.quote(key) + ":" + JsonText.quote(value)));
            fields.add("\"" + SafetensorsHeader.METADATA + "\":{" + String.join(",", notes) + "}");
        }
        sources.forEach((name, source) -> {
            long begin = offsets.get(name);
            String shape = String.join(",", source.shape().stream().map(String::valueOf).toList());
            fields.add("%s:{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%s,%s]}".formatted(
                    JsonText.quote(name), source.dtype(), shape, begin, begin + source.bytes()));
        });
        byte[] json = ("{" + String.join(",", fields) + "}").getBytes(StandardCharsets.UTF_8);
        int padded = Math.ceilDiv(json.length, ALIGNMENT) * ALIGNMENT;
        if (padded > SafetensorsHeader.MAX_HEADER_BYTES) {
            throw new IllegalArgumentException("the header needs %s bytes; the format allows %s"
                    .formatted(padded, SafetensorsHeader.MAX_HEADER_BYTES));
        }
        byte[] header = (" ".repeat(Long.BYTES + padded)).getBytes(StandardCharsets.US_ASCII);
        MemorySegment.ofArray(header).set(SafetensorsHeader.LENGTH, 0, padded);
        System.arraycopy(json, 0, header, Long.BYTES, json.length);
        return header;
    }

    private static void copy(Source source, MemorySegment staging, FileChannel channel) throws IOException {
        long filled = 0;
        for (long row = 0; row < source.rows(); row++) {
            long done = 0;
            while (done < source.rowBytes()) {
                long part = Math.min(source.rowBytes() - done, STAGING_BYTES - filled);
                MemorySegment.copy(source.data(), row * source.strideBytes() + done, staging, filled, part);
                done += part;
                filled += part;
                if (filled == STAGING_BYTES) {
                    drain(channel, staging.asByteBuffer());
                    filled = 0;
                }
            }
        }
        drain(channel, staging.asSlice(0, filled).asByteBuffer());
    }

    private static void drain(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private long checkedBytes(String name, DType dtype, List<Long> shape) {
        JsonText.quote(name);
        Objects.requireNonNull(dtype, "dtype");
        checkRoom(sources);
        if (name.equals(SafetensorsHeader.METADATA) || sources.containsKey(name)) {
            throw refused(name, sources.containsKey(name) ? "was added twice" : "this name is the metadata's");
        }
        if (shape.size() > TensorInfo.MAX_RANK || shape.stream().anyMatch(dimension -> dimension < 0)) {
            throw refused(name, "shape %s must have at most %s dimensions, none negative", shape, TensorInfo.MAX_RANK);
        }
        long bytes;
        try {
            bytes = TensorInfo.bytes(dtype, shape);
        } catch (ArithmeticException _) {
            throw refused(name, "shape %s of %s overflows", shape, dtype);
        }
        if (bytes < 0) {
            throw refused(name, "shape %s of %s is not a whole number of bytes", shape, dtype);
        }
        return bytes;
    }

    private static void checkRoom(Map<String, ?> fields) {
        // The header object holds the tensors and the metadata's one field.
        if (fields.size() == JsonReader.MAX_FIELDS - 1) {
            throw new IllegalArgumentException(
                    "more than %s entries; the reader refuses such files".formatted(JsonReader.MAX_FIELDS - 1));
        }
    }

    private static IllegalArgumentException refused(String name, String problem, Object... values) {
        return new IllegalArgumentException(TensorInfo.label(name) + ": " + problem.formatted(values));
    }

    private SafetensorsWriter add(String name, Source source) {
        sources.put(name, source);
        return this;
    }
}
