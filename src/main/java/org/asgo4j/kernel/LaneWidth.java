// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import jdk.incubator.vector.FloatVector;

/** Decides how many bits a vector has: the widest the CPU prefers, or what the system property asks for. */
final class LaneWidth {

    /** System property that overrides the width, in bits: 128, 256 or 512. For tests and measurements. */
    static final String PROPERTY = "asgo4j.lanes";

    /** Narrowest vector the kernels are written for, in bits. A JVM that compiles no vectors prefers 64. */
    static final int NARROWEST = 128;

    /** Widest vector the kernels are written for, in bits. */
    private static final int WIDEST = 512;

    private LaneWidth() {
    }

    /** Width to use, in bits. Throws {@link IllegalArgumentException} if this CPU lacks what the property asks for. */
    static int bits() {
        return choose(System.getProperty(PROPERTY), preferred());
    }

    /** Width that the CPU and this JVM prefer, in bits: 64 or more. */
    static int preferred() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }

    /** Width for the property's value (null: not set) on a CPU whose widest vector has {@code preferred} bits. */
    static int choose(String requested, int preferred) {
        if (requested == null) {
            return Math.min(preferred, WIDEST);
        }
        int bits = switch (requested.strip()) {
            case "128" -> NARROWEST;
            case "256" -> 256;
            case "512" -> WIDEST;
            default -> throw new IllegalArgumentException(
                    "%s must be 128, 256 or 512, got '%s'".formatted(PROPERTY, requested));
        };
        if (bits > preferred) {
            throw new IllegalArgumentException("%s=%d, but the vectors of this CPU and JVM have only %d bits"
                    .formatted(PROPERTY, bits, preferred));
        }
        return bits;
    }
}
