// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * Copies beside the computing of one lane: a stream for each direction, as a GPU has an engine for each, and one event
 * for each stream.
 *
 * <pre>
 *   ahead     ─ up(B) ───────┬─ up(C) ───           waits for what the lane was asked for before, and for the copies
 *   down computing ─ compute(A) ──┴─ compute(B) ──       waits for the copies up where {@link #await} was called
 *   behind    ──────────────── down(A) ──           waits for what the lane was asked for before
 * </pre>
 */
final class CudaCopies {
    private final MemorySegment computing;
    private final MemorySegment ahead;
    private final MemorySegment behind;
    private final MemorySegment computed;
    private final MemorySegment raised;
    private final MemorySegment lowered;
    private final CudaStaging up;
    private final CudaStaging down;
    private boolean open; // whether copies are under way that nobody has waited for

    /** For the lane with this stream, whose resources the new streams and events become. */
    CudaCopies(CudaLane lane) {
        computing = lane.stream;
        ahead = lane.makeStream();
        behind = lane.makeStream();
        computed = lane.makeEvent();
        raised = lane.makeEvent();
        lowered = lane.makeEvent();
        up = new CudaStaging(ahead);
        down = new CudaStaging(behind);
    }

    /** Begins Y ← X for an X in this computer's memory. */
    void raise(Matrix x, Matrix y) {
        open = true;
        after(computing, computed, ahead);
        after(behind, lowered, ahead);
        up.copy(x.segment(), x.rowStride(), y.segment(), y.rowStride(), y, Cuda.cudaMemcpyHostToDevice());
    }

    /** Begins Y ← X for a Y in this computer's memory. */
    void lower(Matrix x, Matrix y) {
        open = true;
        after(computing, computed, behind);
        down.copy(x.segment(), x.rowStride(), y.segment(), y.rowStride(), y, Cuda.cudaMemcpyDeviceToHost());
    }

    /** Has what the lane is asked for from here on wait for the copies up so far. */
    void await() {
        if (open) after(ahead, raised, computing);
    }

    /** Waits for all copies; what they waited for is done then, too. */
    void synchronize() {
        if (!open) return;
        open = false;
        int up = Cuda.cudaStreamSynchronize(ahead);
        int down = Cuda.cudaStreamSynchronize(behind);
        CudaErrors.runtime("cudaStreamSynchronize after copyAhead", up);
        CudaErrors.runtime("cudaStreamSynchronize after copyBehind", down);
    }

    /** What {@code later} is asked for from here on waits for what {@code earlier} was asked for so far. */
    private static void after(MemorySegment earlier, MemorySegment event, MemorySegment later) {
        CudaErrors.runtime("cudaEventRecord", Cuda.cudaEventRecord(event, earlier));
        CudaErrors.runtime("cudaStreamWaitEvent", Cuda.cudaStreamWaitEvent(later, event, 0));
    }
}
