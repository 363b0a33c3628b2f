// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

/**
 * A library that does the operations of {@link OperationBench}, each by the best means that it documents. Those from
 * elsewhere are in {@code bench/peers} and are found by {@link java.util.ServiceLoader}.
 */
public interface Contender {
    /** The value of the parameter {@code implementation}. */
    String name();

    /** Whether this JVM can have it: false where a native library is missing, or one is loaded that excludes it. */
    default boolean available() {
        return true;
    }

    /**
     * Copies the operands into the library's memory.
     *
     * @param operation what {@link Call#run} does
     * @param operands its operands
     * @param threads how many threads the library may use, from the first call in this JVM on
     * @throws IllegalArgumentException if the library can't be held to {@code threads}; the message says what to set
     */
    Call prepare(Operation operation, Operands operands, int threads);
}
