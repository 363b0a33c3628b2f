// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

/** An operation that a {@link Contender} has prepared: its operands lie in the library's own memory. */
public interface Call {
    /** Does the operation once; this is what is timed. Repeated, it does the same work on the same operands. */
    void run();

    /** The result of the last {@link #run}, row by row, laid out as {@link Operation} says; a copy. */
    float[] result();
}
