// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The checked header of a safetensors file.
 *
 * @param metadata  the strings under {@code __metadata__}, in file order; empty if absent
 * @param tensors   the tensors by name, in file order; their ranges tile the data without overlap or hole
 * @param dataStart first byte after the header
 */
record SafetensorsHeader(Map<String, String> metadata, Map<String, TensorInfo> tensors, long dataStart) {
    /** The header length that the format's specification allows. */
    static final long MAX_HEADER_BYTES = 100_000_000;
    /** Key of the metadata; no tensor may have this name. */
    static final String METADATA = "__metadata__";
    /** The header length that precedes everything. */
    static final ValueLayout.OfLong LENGTH = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int RANGE_ENDS = 2;
    private static final Comparator<TensorInfo> BY_POSITION =
            Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::byteLength);

    /** Reads and checks the header of the file whose bytes are given; reads nothing after the header. */
    static SafetensorsHeader parse(Path file, MemorySegment bytes) throws SafetensorsException {
        long headerBytes = headerBytes(file, bytes);
        MemorySegment json = bytes.asSlice(LENGTH.byteSize(), headerBytes);
        if (headerBytes == 0 || json.get(JAVA_BYTE, 0) != '{') {
            throw new SafetensorsException(file, "the header must begin with '{'");
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        try {
            JsonReader reader = new JsonReader(json);
            reader.object(name -> {
                if (name.equals(METADATA)) {
                    metadata(reader, metadata);
                } else {
                    tensors.put(name, tensor(reader, name));
                }
            });
            reader.end();
        } catch (JsonException e) {
            throw new SafetensorsException(file, "header: " + e.getMessage(), e);
        }
        long dataStart = LENGTH.byteSize() + headerBytes;
        checkTiling(file, tensors, bytes.byteSize() - dataStart);
        return new SafetensorsHeader(
                Collections.unmodifiableMap(metadata), Collections.unmodifiableMap(tensors), dataStart);
    }

    private static long headerBytes(Path file, MemorySegment bytes) throws SafetensorsException {
        long available = bytes.byteSize() - LENGTH.byteSize();
        if (available < 0) {
            throw new SafetensorsException(
                    file, "file has %s bytes; %s are the least".formatted(bytes.byteSize(), LENGTH.byteSize()));
        }
        long claimed = bytes.get(LENGTH, 0);
        if (claimed < 0 || claimed > MAX_HEADER_BYTES) {
            String unsigned = Long.toUnsignedString(claimed);
            throw new SafetensorsException(
                    file,
                    "header length is %s; at most %s is allowed (is it safetensors?)"
                            .formatted(unsigned, MAX_HEADER_BYTES));
        }
        if (claimed > available) {
            throw new SafetensorsException(
                    file, "header length is %s but only %s bytes follow".formatted(claimed, available));
        }
        return claimed;
    }

    private static void metadata(JsonReader reader, Map<String, String> metadata) throws JsonException {
        try {
            reader.object(key -> metadata.put(key, reader.string()));
        } catch (JsonException e) {
            throw new JsonException("'" + METADATA + "' must be an object of strings, or absent: " + e.getMessage());
        }
    }

    private static TensorInfo tensor(JsonReader reader, String name) throws JsonException {
        var fields = new Object() {
            String dtype;
            List<Long> shape;
            List<Long> range;
        };
        try {
            reader.object(field -> {
                switch (field) {
                    case "dtype" -> fields.dtype = reader.string();
                    case "shape" -> fields.shape = naturals(reader, "shape", TensorInfo.MAX_RANK);
                    case "data_offsets" -> fields.range = naturals(reader, "data_offsets", RANGE_ENDS);
                    default -> throw new JsonException("unknown field '" + JsonReader.shown(field) + "'");
                }
            });
            return checked(name, fields.dtype, fields.shape, fields.range);
        } catch (JsonException e) {
            throw new JsonException(TensorInfo.label(name) + ": " + e.getMessage());
        }
    }

    private static List<Long> naturals(JsonReader reader, String field, int most) throws JsonException {
        List<Long> numbers = new ArrayList<>();
        reader.array(() -> {
            if (numbers.size() == most) {
                throw new JsonException(field + " has more than " + most + " numbers");
            }
            numbers.add(reader.natural());
        });
        return numbers;
    }

    private static TensorInfo checked(String name, String dtypeName, List<Long> shape, List<Long> range)
            throws JsonException {
        if (dtypeName == null || shape == null || range == null) {
            throw new JsonException("needs dtype, shape and data_offsets, but %s is missing"
                    .formatted(dtypeName == null ? "dtype" : shape == null ? "shape" : "data_offsets"));
        }
        DType dtype = DType.named(dtypeName);
        if (dtype == null) {
            throw new JsonException("unknown dtype '%s'".formatted(JsonReader.shown(dtypeName)));
        }
        if (range.size() != RANGE_ENDS || range.get(0) > range.get(1)) {
            throw new JsonException("data_offsets is %s; a begin and an end not before it are needed".formatted(range));
        }
        long held = range.get(1) - range.get(0);
        long needed;
        try {
            needed = TensorInfo.bytes(dtype, shape);
        } catch (ArithmeticException _) {
            throw new JsonException(
                    "shape %s of %s overflows; data_offsets %s hold %s bytes".formatted(shape, dtype, range, held));
        }
        if (needed < 0) {
            throw new JsonException("shape %s of %s is not a whole number of bytes".formatted(shape, dtype));
        }
        if (needed != held) {
            throw new JsonException("shape %s of %s needs %s bytes but data_offsets %s hold %s"
                    .formatted(shape, dtype, needed, range, held));
        }
        return new TensorInfo(name, dtype, shape, range.get(0), held);
    }

    private static void checkTiling(Path file, Map<String, TensorInfo> tensors, long dataBytes)
            throws SafetensorsException {
        long end = 0;
        String previous = "the header";
        for (TensorInfo tensor : tensors.values().stream().sorted(BY_POSITION).toList()) {
            String name = TensorInfo.label(tensor.name());
            if (tensor.offset() != end) {
                String fault = tensor.offset() < end ? "they overlap" : "there is a hole between";
                throw new SafetensorsException(file, "%s starts at %s but %s ends at %s: %s"
                        .formatted(name, tensor.offset(), previous, end, fault));
            }
            end += tensor.byteLength();
            previous = name;
        }
        if (end != dataBytes) {
            throw new SafetensorsException(
                    file, "%s ends at %s but the data has %s bytes".formatted(previous, end, dataBytes));
        }
    }
}
