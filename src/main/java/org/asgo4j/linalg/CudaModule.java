// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.bindings.cuda.Cuda;

/** The elementwise kernels, which the driver compiles from PTX for the GPU that is there. */
final class CudaModule implements AutoCloseable {
    /** PTX of native/cuda, beside this class. */
    private static final String RESOURCE = "kernels.ptx";

    private final MemorySegment module;
    private final MemorySegment[][] functions;

    /** Needs a current context: the calling thread has chosen a device. */
    CudaModule() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            CudaErrors.driver("cuModuleLoadData of " + RESOURCE, Cuda.cuModuleLoadData(out, text(arena)));
            this.module = out.get(ValueLayout.ADDRESS, 0);
            this.functions = new MemorySegment[CudaKernel.values().length][ElementType.values().length];
            try {
                for (CudaKernel kernel : CudaKernel.values()) {
                    for (ElementType type : ElementType.values()) {
                        if (kernel.takes(type)) find(kernel, type, out, arena);
                    }
                }
            } catch (RuntimeException e) {
                close();
                throw e;
            }
        }
    }

    private void find(CudaKernel kernel, ElementType type, MemorySegment out, Arena arena) {
        String symbol = kernel.symbol(type);
        CudaErrors.driver("cuModuleGetFunction of " + symbol,
                Cuda.cuModuleGetFunction(out, module, arena.allocateFrom(symbol)));
        functions[kernel.ordinal()][type.ordinal()] = out.get(ValueLayout.ADDRESS, 0);
    }

    /** The function of a kernel that takes this type. */
    MemorySegment function(CudaKernel kernel, ElementType type) {
        return functions[kernel.ordinal()][type.ordinal()];
    }

    @Override
    public void close() {
        CudaResources.release("cuModuleUnload", module, Cuda::cuModuleUnload);
    }

    /** The PTX with the zero at its end that the driver expects. */
    private static MemorySegment text(Arena arena) {
        try (InputStream in = CudaModule.class.getResourceAsStream(RESOURCE)) {
            if (in == null) throw new IllegalStateException(RESOURCE + " is missing beside " + CudaModule.class);
            byte[] bytes = in.readAllBytes();
            MemorySegment text = arena.allocate(bytes.length + 1L);
            MemorySegment.copy(bytes, 0, text, ValueLayout.JAVA_BYTE, 0, bytes.length);
            return text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
