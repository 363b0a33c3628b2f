// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * Ranges of this computer's memory to page-lock, no two of which share a page: a page can be locked once.
 *
 * @param ranges in the order of their addresses
 */
record CudaPages(List<Range> ranges) {
    /** The smallest page of the systems that CUDA runs on; ranges that share a larger one are refused there. */
    private static final long PAGE = 4096;

    /** Bytes from {@code start} up to {@code end}. */
    record Range(long start, long end) {
        private boolean sharesPageWith(Range next) {
            return (end - 1) / PAGE >= next.start / PAGE;
        }
    }

    /** The memory of those matrices that are not on the GPU. */
    static CudaPages of(List<Matrix> matrices) {
        List<Range> merged = new ArrayList<>();
        matrices.stream().filter(m -> !m.isOnDevice()).map(CudaPages::range)
                .sorted(Comparator.comparingLong(Range::start)).forEach(range -> {
                    boolean joins = !merged.isEmpty() && merged.getLast().sharesPageWith(range);
                    if (!joins) {
                        merged.add(range);
                    } else {
                        Range last = merged.removeLast();
                        merged.add(new Range(last.start, Math.max(last.end, range.end)));
                    }
                });
        return new CudaPages(merged);
    }

    private static Range range(Matrix m) {
        long start = m.segment().address();
        return new Range(start, start + ((m.rows() - 1L) * m.rowStride() + m.cols()) * m.type().byteSize());
    }

    /** Locks what can be, until the arena closes; the first reason why something can't. */
    Optional<String> register(Arena arena) {
        String reason = null;
        for (Range range : ranges) {
            long bytes = range.end - range.start;
            int status = Cuda.cudaHostRegister(
                    MemorySegment.ofAddress(range.start), bytes, Cuda.cudaHostRegisterPortable());
            if (status == Cuda.cudaSuccess()) {
                MemorySegment.ofAddress(range.start).reinterpret(arena,
                        each -> CudaResources.release("cudaHostUnregister", each, Cuda::cudaHostUnregister));
            } else {
                String text = CudaErrors.runtimeText(status); // which has CUDA forget it
                boolean already = status == Cuda.cudaErrorHostMemoryAlreadyRegistered();
                if (!already && reason == null) {
                    reason = "cudaHostRegister of %d bytes at 0x%x: %s".formatted(bytes, range.start, text);
                }
            }
        }
        return Optional.ofNullable(reason);
    }
}
