// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Parameter;

/** The steps of {@code native/step.c}, on the BLAS that this JVM has loaded: the same library with the same threads. */
final class NativeStep implements AutoCloseable {
    private static final MethodHandle OPEN = NativeSources.STEP.handle("step_open", FunctionDescriptor.of(
            ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS,
            ValueLayout.ADDRESS));
    private static final MethodHandle STEP = NativeSources.STEP.handle("step_all", FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_FLOAT,
            ValueLayout.JAVA_FLOAT));
    private static final MethodHandle CLOSE = NativeSources.STEP.handle("step_close",
            FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

    private final MemorySegment set;
    private final int interval;
    private long taken;

    /**
     * State of zeros for these parameters.
     *
     * @param workers threads, the caller included
     * @param interval steps between roots
     */
    NativeStep(List<Parameter> parameters, int workers, int interval) {
        this.interval = interval;
        try (Arena call = Arena.ofConfined()) {
            int count = parameters.size();
            MemorySegment rows = call.allocate(ValueLayout.JAVA_INT, count);
            MemorySegment cols = call.allocate(ValueLayout.JAVA_INT, count);
            MemorySegment weights = call.allocate(ValueLayout.ADDRESS, count);
            MemorySegment gradients = call.allocate(ValueLayout.ADDRESS, count);
            for (int i = 0; i < count; i++) {
                Matrix weight = parameters.get(i).weight();
                rows.setAtIndex(ValueLayout.JAVA_INT, i, weight.rows());
                cols.setAtIndex(ValueLayout.JAVA_INT, i, weight.cols());
                weights.setAtIndex(ValueLayout.ADDRESS, i, weight.segment());
                gradients.setAtIndex(ValueLayout.ADDRESS, i, parameters.get(i).gradient().segment());
            }
            this.set = (MemorySegment) OPEN.invokeExact(blas("cblas_ssyrk"), blas("cblas_sgemm"),
                    blas("LAPACKE_ssyevd_work"), workers, interval, count, rows, cols, weights, gradients);
        } catch (Throwable e) {
            throw new IllegalStateException("step_open failed", e);
        }
    }

    /** One step of every weight. */
    void step() {
        int refresh = taken++ % interval == 0 ? 1 : 0;
        int info;
        try {
            info = (int) STEP.invokeExact(set, refresh, WeightSet.LEARNING_RATE, WeightSet.WEIGHT_DECAY);
        } catch (Throwable e) {
            throw new IllegalStateException("step_all failed", e);
        }
        if (info != 0) throw new IllegalStateException("ssyevd returned " + info + " in step_all");
    }

    @Override
    public void close() {
        try {
            CLOSE.invokeExact(set);
        } catch (Throwable e) {
            throw new IllegalStateException("step_close failed", e);
        }
    }

    /** A function of the BLAS that a backend has opened. */
    static MemorySegment blas(String function) {
        return SymbolLookup.loaderLookup().findOrThrow(function);
    }
}
