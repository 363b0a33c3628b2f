// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.Arrays;
import java.util.List;
import org.asgo4j.optim.Damping;

/** How options and files write a {@link Damping}: its kind and its value, such as {@code relative:1e-6}. */
final class DampingText {
    private static final char SEPARATOR = ':';
    private static final String EXPECTED =
            "relative:X or pseudo-inverse:X with X in [0, 1), or absolute:X or outside-root:X with X at least 0";

    private DampingText() {}

    /**
     * Reads a damping.
     *
     * @throws IllegalArgumentException if it is something else; the message says what there is
     */
    static Damping parse(String text) {
        int end = text.indexOf(SEPARATOR);
        try {
            Damping.Kind kind = Choice.parse(
                    "kind", text.substring(0, Math.max(0, end)), Arrays.asList(Damping.Kind.values()));
            return new Damping(kind, Double.parseDouble(text.substring(end + 1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--damping must be %s, got '%s'".formatted(EXPECTED, text), e);
        }
    }

    /** What {@link #parse} reads, to the last bit. */
    static String of(Damping damping) {
        return Choice.name(damping.kind()) + SEPARATOR + damping.value();
    }
}
