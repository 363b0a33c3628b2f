// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

/**
 * The element types of the safetensors format, under the names the format gives them.
 *
 * {@snippet file="FileExamplesTest.java" region="read"}
 */
public enum DType {
    /** Boolean, one byte. */
    BOOL(8),
    /** 4-bit float, two to a byte. */
    F4(4),
    /** 6-bit float, 2 exponent bits. */
    F6_E2M3(6),
    /** 6-bit float, 3 exponent bits. */
    F6_E3M2(6),
    /** Unsigned 8-bit integer. */
    U8(8),
    /** Signed 8-bit integer. */
    I8(8),
    /** 8-bit float, 5 exponent bits. */
    F8_E5M2(8),
    /** 8-bit float, 4 exponent bits. */
    F8_E4M3(8),
    /** 8-bit power of two, exponent only. */
    F8_E8M0(8),
    /** Signed 16-bit integer. */
    I16(16),
    /** Unsigned 16-bit integer. */
    U16(16),
    /** IEEE 754 half precision. */
    F16(16),
    /** bfloat16. */
    BF16(16),
    /** Signed 32-bit integer. */
    I32(32),
    /** Unsigned 32-bit integer. */
    U32(32),
    /** IEEE 754 single precision. */
    F32(32),
    /** Complex number of two single-precision floats. */
    C64(64),
    /** IEEE 754 double precision. */
    F64(64),
    /** Signed 64-bit integer. */
    I64(64),
    /** Unsigned 64-bit integer. */
    U64(64);

    private final int bits;

    DType(int bits) {
        this.bits = bits;
    }

    /**
     * Returns the size of one element.
     *
     * @return bits per element: 4, 6, 8, 16, 32 or 64
     */
    public int bits() {
        return bits;
    }

    /** Returns the type of that name, or null if the format has none. */
    static DType named(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }
}
