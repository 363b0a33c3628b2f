// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.asgo4j.linalg.ChildJvm;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training computes on as many native threads as were asked for: workers times BLAS threads. */
class OversubscriptionTest {
    /** The JVM's own threads, by the beginning of their names; the compilers' are busy at first. */
    private static final List<String> OF_THE_JVM = List.of("C1 ", "C2 ", "GC ", "G1 ", "VM ");

    /** Without them a step's time goes into Java, and not into the BLAS. */
    private static final Map<String, String> WITH_VECTORS =
            Map.of("JAVA_TOOL_OPTIONS", "--add-modules=jdk.incubator.vector");

    /** Of the ticks of the busiest thread; a thread that spins while others compute has as many as these. */
    private static final double BUSY_SHARE = 0.1;

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "1, 2"})
    void threadsThatComputeAreAsManyAsWereAskedFor(int workers, int blasThreads)
            throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "threads are counted in /proc");
        assumeTrue(Runtime.getRuntime().availableProcessors() >= workers * blasThreads, "fewer cores than threads");
        ChildJvm.Result result = ChildJvm.run(SteppingProcess.class, true, WITH_VECTORS,
                Integer.toString(workers), Integer.toString(blasThreads));
        assertEquals(0, result.status(), result.output());
        List<Long> ticks = result.output().lines()
                .filter(line -> line.matches("\\d+\t.*"))
                .filter(line -> OF_THE_JVM.stream().noneMatch(name -> line.contains("\t" + name)))
                .map(line -> Long.parseLong(line.substring(0, line.indexOf('\t'))))
                .toList();
        long most = ticks.stream().mapToLong(Long::longValue).max().orElse(0);
        assertEquals(workers * blasThreads, ticks.stream().filter(each -> each > BUSY_SHARE * most).count(),
                () -> "ticks of all native threads:\n" + result.output());
    }
}
