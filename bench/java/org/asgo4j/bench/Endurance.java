// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerMemory.Shape;

/**
 * Steps small weights by every rule, many times, and prints as CSV what the process holds meanwhile. Whatever a step
 * left behind would show: the weights and all that belongs to them were made before. Needs {@code
 * -XX:NativeMemoryTracking=summary}.
 */
public final class Endurance {
    /** Small, so that steps are many. */
    private static final List<Shape> SHAPES = List.of(new Shape(3, 5));

    private static final int ROWS = 20;
    private static final Pattern ARENAS = Pattern.compile("Other \\(reserved=\\d+, committed=(\\d+)\\)");

    private Endurance() {}

    /** Argument: the number of steps, a multiple of {@value #ROWS}. */
    public static void main(String[] arguments) {
        int steps = Integer.parseInt(arguments[0]);
        try (Backend backend = Backends.open(); Workers workers = new Workers(1)) {
            List<OptimizedWeights> weights = new ArrayList<>();
            List<Optimizer> optimizers = new ArrayList<>();
            for (MeasuredRule rule : MeasuredRule.values()) {
                weights.add(new OptimizedWeights(backend, workers, SHAPES));
                optimizers.add(weights.getLast().optimizer(rule.rule()));
            }
            System.out.println("steps,resident_bytes,arena_bytes,heap_bytes,threads,open_files");
            for (int row = 1; row <= ROWS; row++) {
                for (int i = 0; i < steps / ROWS; i++) optimizers.forEach(Optimizer::step);
                print(steps / ROWS * row);
            }
            weights.forEach(OptimizedWeights::requireMoved);
            optimizers.forEach(Optimizer::close);
            weights.forEach(OptimizedWeights::close);
        }
    }

    private static void print(int steps) {
        long heap = ProcessMemory.usedHeap();
        System.out.println(String.format(Locale.ROOT, "%d,%d,%d,%d,%d,%d", steps, ProcessMemory.resident(), arenas(),
                heap, ProcessMemory.threads(), ProcessMemory.openFiles()));
    }

    /** Bytes allocated by arenas, which the JVM counts as "Other". */
    private static long arenas() {
        try {
            String summary = (String) ManagementFactory.getPlatformMBeanServer().invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"), "vmNativeMemory",
                    new Object[] {new String[] {"summary", "scale=B"}}, new String[] {String[].class.getName()});
            Matcher other = ARENAS.matcher(summary);
            if (!other.find()) throw new IllegalStateException("native memory is not tracked: " + summary);
            return Long.parseLong(other.group(1));
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }
}
