// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * 100,000 steps of every rule leave nothing behind. In a JVM of its own, whose heap is fixed and in memory from the
 * start; the first half of the steps is for its compilers.
 */
class EnduranceTest {
    private static final int STEPS = 100_000;

    /** The least that glibc's malloc takes on 64 bits: a leak of one rule at every step is at least that large. */
    private static final int SMALLEST_CHUNK = 32;

    private record Row(long steps, long resident, long arenas, long heap, long threads, long openFiles) {
        static Row parse(String line) {
            long[] values = Arrays.stream(line.split(",")).mapToLong(Long::parseLong).toArray();
            return new Row(values[0], values[1], values[2], values[3], values[4], values[5]);
        }
    }

    @Test
    void stepsLeaveNothingBehind() throws IOException, InterruptedException {
        assumeTrue(ProcessMemory.isKnown(), "no /proc here");
        String output = run();
        List<Row> rows = output.lines().filter(line -> line.matches("[\\d,]+")).map(Row::parse).toList();
        assertTrue(!rows.isEmpty() && rows.getLast().steps == STEPS, output);
        List<Row> firstHalf = rows.subList(0, rows.size() / 2);
        List<Row> secondHalf = rows.subList(rows.size() / 2, rows.size());
        Row before = firstHalf.getLast();
        Row after = rows.getLast();
        for (Row row : secondHalf) assertEquals(before.arenas, row.arenas, output);
        assertEquals(before.openFiles, after.openFiles, output);
        assertTrue(after.threads <= most(firstHalf, Row::threads), output); // compilers' threads end when idle
        long leak = (long) SMALLEST_CHUNK * (after.steps - before.steps);
        assertTrue(after.heap - most(firstHalf, Row::heap) < leak / 2, output); // an object is 16 bytes at least
        long leakBetweenRows = SMALLEST_CHUNK * (after.steps / rows.size());
        assertTrue(usualGrowth(secondHalf) < leakBetweenRows / 2, output);
    }

    /**
     * By how much resident memory grows from one row to the next, the median: a leak grows it every time, while the
     * JVM's own memory, its compilers' above all, comes in a few jumps of megabytes.
     */
    private static long usualGrowth(List<Row> rows) {
        long[] growth = IntStream.range(1, rows.size())
                .mapToLong(i -> rows.get(i).resident - rows.get(i - 1).resident)
                .sorted()
                .toArray();
        return growth[growth.length / 2];
    }

    private static long most(List<Row> rows, ToLongFunction<Row> value) {
        return rows.stream().mapToLong(value).max().orElseThrow();
    }

    private static String run() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-XX:NativeMemoryTracking=summary", "-XX:+UseSerialGC", "-Xms32m", "-Xmx32m", "-XX:+AlwaysPreTouch",
                "-cp", System.getProperty("java.class.path"), Endurance.class.getName(), Integer.toString(STEPS))
                .redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }
}
