// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import org.asgo4j.testing.OtherMemory;

/**
 * Measures every kernel in C and in Java by turns, so that both meet the same phases of the machine, beside a loop that
 * does nothing but move memory; each kernel in a JVM of its own. Writes CSV to standard output.
 *
 * <pre>
 *   java … org.asgo4j.bench.KernelComparison [COUNT …] [kernel …]
 * </pre>
 *
 * <p>COUNT is the number of elements of each operand. Times are medians over rounds; {@code of_c} is the median of the
 * rounds' own quotients, time in C by time in Java, and C's time is without that of an empty call; {@code of_stream} is
 * the kernel's rate by that of the loop with the same traffic, on the same operands, in the same rounds.
 */
final class KernelComparison {
    /**
     * Elements: 9 KiB an operand: five fit in an L1 cache of 48 KiB; 192 KiB: six fit in an L2 of 2 MiB;
     * 192 MiB, so that two are more than a shared L3 of 260 MiB.
     */
    private static final List<String> COUNTS = List.of("2304", "49152", "50331648");

    /** Stands for all loops of {@link Stream} where a kernel is named. */
    private static final String STREAM = "stream";

    /** Elements to check and warm up with: a tail after every vector. */
    private static final int FEW = 2305;

    private static final long SAMPLE_NANOS = 1_000_000;
    private static final long WARM_UP_NANOS = 600_000_000;
    private static final long LONGEST_WARM_UP_NANOS = 5_000_000_000L;
    private static final int WARM_UP_CALLS = 200;
    private static final int ROUNDS = 31;
    private static final int LARGE_ROUNDS = 7;

    /** From here on a call takes long enough for few rounds to do. */
    private static final int LARGE = 1 << 22;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Results of kernels, so that none is left out. */
    private static volatile double result;

    private final KernelOperands operands;
    private final Map<Stream, Double> rates = new EnumMap<>(Stream.class); // bytes per nanosecond
    private final double emptyCall; // nanoseconds

    private KernelComparison(Arena arena, int count) {
        this.operands = new KernelOperands(arena, count);
        this.emptyCall = emptyCall();
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (NativeSources.KERNELS.missing() != null) throw new IllegalStateException(NativeSources.KERNELS.missing());
        List<String> counts = Arrays.stream(arguments).filter(a -> Character.isDigit(a.charAt(0))).toList();
        List<String> names = Arrays.stream(arguments).filter(a -> Character.isLetter(a.charAt(0))).toList();
        if (names.size() == 1) {
            measure(names.getFirst(), counts.stream().mapToInt(Integer::parseInt).toArray());
            return;
        }
        System.out.println("count,threads,kernel,ns_c,ns_java,gb_per_s_c,gb_per_s_java,of_c,of_stream,bytes_allocated");
        if (names.isEmpty()) {
            names = new ArrayList<>(List.of(STREAM));
            for (ElementwiseKernel kernel : ElementwiseKernel.values()) names.add(kernel.name());
        }
        for (String name : names) fork(name, counts.isEmpty() ? COUNTS : counts);
    }

    /** Measures one kernel in a JVM of its own: what C2 makes of a loop depends on what else its JVM has seen. */
    private static void fork(String name, List<String> counts) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-classpath",
                System.getProperty("java.class.path"), KernelComparison.class.getName(), name));
        command.addAll(counts);
        int status = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (status != 0) throw new IllegalStateException("measuring %s ended with status %d".formatted(name, status));
    }

    /** After other vectors, as in an application: with segments that nothing else was done with, loops look better. */
    private static void measure(String name, int[] counts) throws IOException {
        OtherMemory.use();
        if (!name.equals(STREAM)) verifyAndWarmUp(ElementwiseKernel.valueOf(name));
        for (int count : counts) {
            try (Arena arena = Arena.ofShared()) {
                var comparison = new KernelComparison(arena, count);
                if (name.equals(STREAM)) for (Stream stream : Stream.values()) comparison.measure(stream);
                else comparison.measure(ElementwiseKernel.valueOf(name));
            }
        }
    }

    private int rounds() {
        return operands.count < LARGE ? ROUNDS : LARGE_ROUNDS;
    }

    private void measure(Stream stream) {
        double bytes = operands.count * (double) stream.bytesPerElement;
        int most = operands.count < LARGE ? 1 : 2; // small passes are shorter than it takes two threads to meet
        for (int threads = 1; threads <= most; threads++) {
            double nanos = time(stream, threads);
            if (threads == 1) rates.put(stream, bytes / nanos);
            System.out.printf(Locale.ROOT, "%d,%d,stream %s,%.0f,,%.1f,,,,%n", operands.count, threads, stream, nanos,
                    bytes / nanos);
        }
    }

    /** Median nanoseconds of a pass over all elements, each thread taking its part of them. */
    private double time(Stream stream, int threads) {
        long part = operands.count / threads / Long.SIZE * Long.SIZE;
        long times = Math.max(1, 4 * SAMPLE_NANOS / operands.count);
        double[] nanos = new double[rounds()];
        var barrier = new CyclicBarrier(threads);
        Runnable other = () -> {
            for (int i = 0; i < nanos.length; i++) {
                await(barrier);
                stream.run(operands, part, operands.count - part, times);
                await(barrier);
            }
        };
        Thread thread = threads > 1 ? Thread.ofPlatform().start(other) : null;
        for (int i = 0; i < nanos.length; i++) {
            await(barrier);
            long start = System.nanoTime();
            stream.run(operands, 0, threads > 1 ? part : operands.count, times);
            await(barrier);
            nanos[i] = (System.nanoTime() - start) / (double) times;
        }
        if (thread != null) join(thread);
        return median(nanos);
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException("a thread of the measurement failed", e);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while measuring", e);
        }
    }

    private void measure(ElementwiseKernel kernel) {
        Stream stream = Stream.of(kernel.traffic);
        verifyAndWarmUp(kernel);
        if (operands.count < LARGE) {
            warmUp(kernel, operands); // a square of another size has tails that code for the first one has not met
            operands.fill();
        }
        long times = times(kernel);
        double[] c = new double[rounds()];
        double[] java = new double[rounds()];
        double[] memory = new double[rounds()];
        double[] ofC = new double[rounds()];
        double[] ofStream = new double[rounds()];
        double bytes = operands.count * (double) kernel.bytesPerElement;
        long allocated = Long.MAX_VALUE;
        for (int i = 0; i < rounds(); i++) {
            c[i] = time(KernelImplementation.c, kernel, times) - emptyCall;
            long before = THREADS.getCurrentThreadAllocatedBytes();
            java[i] = time(KernelImplementation.vector, kernel, times);
            allocated = Math.min(allocated, THREADS.getCurrentThreadAllocatedBytes() - before);
            long start = System.nanoTime();
            stream.run(operands, 0, operands.count, times);
            memory[i] = (System.nanoTime() - start) / (double) times - emptyCall;
            ofC[i] = c[i] / java[i];
            ofStream[i] = bytes / java[i] / (operands.count * (double) stream.bytesPerElement / memory[i]);
        }
        System.out.printf(Locale.ROOT, "%d,1,%s,%.0f,%.0f,%.1f,%.1f,%.3f,%.3f,%d%n", operands.count, kernel, median(c),
                median(java), bytes / median(c), bytes / median(java), median(ofC), median(ofStream),
                allocated / times);
    }

    /** On few elements, until interpreted code, whose vectors are objects, is gone. */
    private static void verifyAndWarmUp(ElementwiseKernel kernel) {
        try (Arena arena = Arena.ofShared()) { // as what is measured: its checks are others than a confined one's
            var few = new KernelOperands(arena, FEW);
            kernel.verify(KernelImplementation.vector, few);
            kernel.verify(KernelImplementation.c, few);
            warmUp(kernel, few);
        }
    }

    private static void warmUp(ElementwiseKernel kernel, KernelOperands on) {
        long start = System.nanoTime();
        long allocated;
        do {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < WARM_UP_CALLS; i++) {
                result = KernelImplementation.vector.run(kernel, on) + KernelImplementation.c.run(kernel, on);
                Stream.of(kernel.traffic).run(on, 0, on.count, 1);
            }
            allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        } while (System.nanoTime() - start < (allocated > 0 ? LONGEST_WARM_UP_NANOS : WARM_UP_NANOS));
    }

    /** Calls of a sample. */
    private long times(ElementwiseKernel kernel) {
        double once = time(KernelImplementation.c, kernel, 1);
        return Math.max(1, (long) (SAMPLE_NANOS / once));
    }

    /** Nanoseconds of a call. */
    private double time(KernelImplementation implementation, ElementwiseKernel kernel, long times) {
        long start = System.nanoTime();
        double sum = 0;
        for (long i = 0; i < times; i++) sum += implementation.run(kernel, operands);
        long end = System.nanoTime();
        result = sum;
        return (end - start) / (double) times;
    }

    private static double emptyCall() {
        double[] nanos = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) { // the first are interpreted
            long start = System.nanoTime();
            int times = 100_000;
            for (int i = 0; i < times; i++) nothing();
            nanos[round] = (System.nanoTime() - start) / (double) times;
        }
        double median = median(nanos);
        return median;
    }

    private static void nothing() {
        try {
            CKernels.NOTHING.invokeExact();
        } catch (Throwable e) {
            throw new IllegalStateException("empty call", e);
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
