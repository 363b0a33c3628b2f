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
 * Pieces of this computer's memory to page-lock, no two of which share a page: CUDA does not promise that a page can be
 * locked twice.
 *
 * @param pieces in the order of their addresses
 */
record CudaPages(List<Piece> pieces) {
    /** The smallest page of the systems that CUDA runs on; ranges that share a larger one are refused there. */
    private static final long PAGE = 4096;

    /** Bytes from {@code start} up to {@code end}. */
    record Range(long start, long end) {
        private boolean sharesPageWith(Range next) {
            return (end - 1) / PAGE >= next.start / PAGE;
        }

        private boolean isLocked() {
            return CudaMemory.isLocked(start) && CudaMemory.isLocked(end - 1);
        }

        /** Locks it until the arena closes; CUDA's status. */
        private int lock(Arena arena) {
            int status = Cuda.cudaHostRegister(
                    MemorySegment.ofAddress(start), end - start, Cuda.cudaHostRegisterPortable());
            if (status == Cuda.cudaSuccess()) {
                MemorySegment.ofAddress(start).reinterpret(arena,
                        each -> CudaResources.release("cudaHostUnregister", each, Cuda::cudaHostUnregister));
            } else {
                Cuda.cudaGetLastError(); // or the next check of another call would find it
            }
            return status;
        }

        private void note(int status, List<String> reasons) {
            if (status == Cuda.cudaSuccess()) return;
            reasons.add("cudaHostRegister of %d bytes at 0x%x: %s"
                    .formatted(end - start, start, CudaErrors.runtimeText(status)));
        }
    }

    /**
     * Memory to lock at once.
     *
     * @param whole from the first byte of its matrices to the last
     * @param matrices the memory of each
     */
    record Piece(Range whole, List<Range> matrices) {
        private Piece with(Range next) {
            List<Range> all = new ArrayList<>(matrices);
            all.add(next);
            return new Piece(new Range(whole.start, Math.max(whole.end, next.end)), all);
        }
    }

    /** The memory of those matrices that are not on the GPU, and that nobody has locked. */
    static CudaPages of(List<Matrix> matrices) {
        List<Piece> merged = new ArrayList<>();
        matrices.stream().filter(m -> !m.isOnDevice()).map(CudaPages::range).filter(range -> !range.isLocked())
                .sorted(Comparator.comparingLong(Range::start)).forEach(range -> {
                    boolean joins = !merged.isEmpty() && merged.getLast().whole.sharesPageWith(range);
                    merged.add(joins ? merged.removeLast().with(range) : new Piece(range, List.of(range)));
                });
        return new CudaPages(merged);
    }

    private static Range range(Matrix m) {
        long start = m.segment().address();
        return new Range(start, start + ((m.rows() - 1L) * m.rowStride() + m.cols()) * m.type().byteSize());
    }

    /** Locks what can be, until the arena closes; the first reason why something can't. */
    Optional<String> register(Arena arena) {
        List<String> reasons = new ArrayList<>();
        for (Piece piece : pieces) {
            int status = piece.whole.lock(arena);
            boolean othersLieBetween = status == Cuda.cudaErrorHostMemoryAlreadyRegistered()
                    && piece.matrices.size() > 1;
            if (othersLieBetween) piece.matrices.forEach(each -> each.note(each.lock(arena), reasons));
            else piece.whole.note(status, reasons);
        }
        return reasons.stream().findFirst();
    }
}
