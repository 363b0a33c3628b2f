// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;

/** Takes a few steps as a program on the class path does; {@link LaunchTest} starts it in JVMs of their own. */
final class LaunchProbe {
    private static final int ROWS = 19;
    private static final int COLS = 37;
    static final int STEPS = 3;

    private LaunchProbe() {}

    public static void main(String[] arguments) {
        try (Backend backend = Backends.open(); Arena arena = Arena.ofConfined()) {
            Matrix borrowed = backend.allocate(arena, ROWS, COLS);
            boolean needsNoAccess = "reference".equals(System.getProperty("asgo4j.backend"));
            Matrix weight = needsNoAccess
                    ? borrowed
                    : Matrix.of(borrowed.segment().address(), borrowed.segment().byteSize(), ROWS, COLS, COLS, arena);
            Matrix gradient = backend.allocate(arena, ROWS, COLS);
            var state = new Asgo(AsgoConfig.defaults()).newState(backend, arena, ROWS, COLS);
            for (int step = 1; step <= STEPS; step++) {
                for (int i = 0; i < ROWS * COLS; i++) gradient.set(i / COLS, i % COLS, Math.sin(step * (i + 1.0)));
                state.step(weight, gradient, 0.01f, 0.1f);
            }
            int bits = Arrays.hashCode(weight.segment().toArray(ValueLayout.JAVA_INT));
            System.out.println(Backend.class.getModule());
            System.out.println(backend.describe());
            System.out.println("weights " + Integer.toHexString(bits));
        } catch (IllegalCallerException e) {
            System.out.println("refused " + e.getMessage());
        }
    }
}
