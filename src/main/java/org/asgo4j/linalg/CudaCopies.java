// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * Copies beside the computing of one lane: a stream for each direction, as a GPU has an engine for each. Of matrices A,
 * B, C, D that take turns at two places on the GPU, and of what each stream waits for:
 *
 * <pre>
 *   computing    A ────── B ─────────── C ───────    at {@link #awaitUploads}: the uploads so far
 *   uploading    B ───       C ───         D ───     what was computed and downloaded so far: C comes to A's place
 *   downloading           A ─           B ─          what was computed so far
 * </pre>
 */
final class CudaCopies {
    private final MemorySegment computing; //   streams
    private final MemorySegment uploading;
    private final MemorySegment downloading;
    private final MemorySegment computed; //    events, one for each stream
    private final MemorySegment uploaded;
    private final MemorySegment downloaded;
    private boolean open; // whether copies are under way that nobody has waited for

    /** For the lane with this stream, whose resources the new streams and events become. */
    CudaCopies(CudaLane lane) {
        computing = lane.stream;
        uploading = lane.makeStream();
        downloading = lane.makeStream();
        computed = lane.makeEvent();
        uploaded = lane.makeEvent();
        downloaded = lane.makeEvent();
    }

    /** Begins Y ← X for an X in this computer's memory. */
    void upload(Matrix x, Matrix y) {
        open = true;
        after(computing, computed, uploading);
        after(downloading, downloaded, uploading);
        CudaStaging.copy(x, y, uploading);
    }

    /** Begins Y ← X for a Y in this computer's memory. */
    void download(Matrix x, Matrix y) {
        open = true;
        after(computing, computed, downloading);
        CudaStaging.copy(x, y, downloading);
    }

    /** Has what the lane is asked for from here on wait for the uploads so far. */
    void awaitUploads() {
        if (open) after(uploading, uploaded, computing);
    }

    /** Waits for all copies; what they waited for is done then, too. */
    void synchronize() {
        if (!open) return;
        open = false;
        int ofUploads = Cuda.cudaStreamSynchronize(uploading);
        int ofDownloads = Cuda.cudaStreamSynchronize(downloading);
        CudaErrors.runtime("cudaStreamSynchronize after upload", ofUploads);
        CudaErrors.runtime("cudaStreamSynchronize after download", ofDownloads);
    }

    /** What {@code later} is asked for from here on waits for what {@code earlier} was asked for so far. */
    private static void after(MemorySegment earlier, MemorySegment event, MemorySegment later) {
        CudaErrors.runtime("cudaEventRecord", Cuda.cudaEventRecord(event, earlier));
        CudaErrors.runtime("cudaStreamWaitEvent", Cuda.cudaStreamWaitEvent(later, event, 0));
    }
}
