// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Builds the bytes of safetensors files by hand, valid or not. */
final class RawFile {
    private RawFile() {}

    /** A file of this header, its true length in front, and so many bytes of data. */
    static byte[] of(String header, int dataBytes) {
        return of(header.getBytes(StandardCharsets.UTF_8), dataBytes);
    }

    /** The same for a header that is not text. */
    static byte[] of(byte[] header, int dataBytes) {
        return withLength(header.length, header, dataBytes);
    }

    /** A file that claims a header length of its own. */
    static byte[] withLength(long claimed, byte[] header, int dataBytes) {
        return ByteBuffer.allocate(Long.BYTES + header.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(claimed)
                .put(header)
                .array();
    }

    /** The header entry of one float32 tensor. */
    static String entry(String name, String shape, long begin, long end) {
        return "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%s,%s]}".formatted(name, shape, begin, end);
    }
}
