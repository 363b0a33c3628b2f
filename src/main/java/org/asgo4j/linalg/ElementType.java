// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.ValueLayout;

/**
 * The element types a {@link Matrix} can hold. Training runs in {@link #FLOAT32}; {@link #FLOAT64} serves exact roots.
 *
 * {@snippet file="MatrixExamplesTest.java" region="eigen"}
 */
public enum ElementType {
    /** IEEE 754 binary32, native byte order. */
    FLOAT32(ValueLayout.JAVA_FLOAT, 0x1p-24),
    /** IEEE 754 binary64, native byte order. */
    FLOAT64(ValueLayout.JAVA_DOUBLE, 0x1p-53);

    private final ValueLayout layout;
    private final double unitRoundoff;

    ElementType(ValueLayout layout, double unitRoundoff) {
        this.layout = layout;
        this.unitRoundoff = unitRoundoff;
    }

    /** The size of one element in bytes. */
    public int byteSize() {
        return (int) layout.byteSize();
    }

    /** The unit roundoff u: half the distance from 1 to the next larger number. */
    public double unitRoundoff() {
        return unitRoundoff;
    }

    ValueLayout layout() {
        return layout;
    }
}
