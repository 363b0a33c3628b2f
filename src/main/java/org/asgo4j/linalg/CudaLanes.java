// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The lanes of one backend: one for each thread that has used it. */
final class CudaLanes implements AutoCloseable {
    private final ThreadLocal<CudaLane> ofThread = new ThreadLocal<>();
    private final List<CudaLane> lanes = new ArrayList<>();
    private final CudaModule module;

    CudaLanes(CudaModule module) {
        this.module = module;
    }

    /**
     * The calling thread's lane, with the GPU selected: a virtual thread may have moved to a thread of the system that
     * has not, and other code may have selected another GPU.
     */
    CudaLane get() {
        CudaDevice.select();
        CudaLane lane = ofThread.get();
        return lane != null ? lane : make();
    }

    /** A new lane, after those of threads that have ended are closed. */
    private synchronized CudaLane make() {
        for (Iterator<CudaLane> all = lanes.iterator(); all.hasNext();) {
            CudaLane lane = all.next();
            if (lane.isAbandoned()) {
                all.remove();
                lane.close();
            }
        }
        CudaLane lane = new CudaLane(module);
        lanes.add(lane);
        ofThread.set(lane);
        return lane;
    }

    @Override
    public synchronized void close() {
        lanes.forEach(CudaLane::close);
        lanes.clear();
    }
}
