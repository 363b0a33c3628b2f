// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.ToIntFunction;

/**
 * What CUDA made and has to be given back, in the reverse order. Giving back never throws: after a failed kernel every
 * call reports that failure again, and what remains must be freed all the same.
 */
final class CudaResources implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(CudaResources.class.getName());

    private record Resource(String call, MemorySegment handle, ToIntFunction<MemorySegment> destroy) {}

    private final Deque<Resource> resources = new ArrayDeque<>();

    /** Takes charge of a handle, which {@code destroy}, named {@code call}, gives back. */
    MemorySegment add(String call, MemorySegment handle, ToIntFunction<MemorySegment> destroy) {
        resources.push(new Resource(call, handle, destroy));
        return handle;
    }

    @Override
    public void close() {
        while (!resources.isEmpty()) {
            Resource resource = resources.pop();
            release(resource.call, resource.handle, resource.destroy);
        }
    }

    /** Gives one handle back; a status that is not success is logged. */
    static void release(String call, MemorySegment handle, ToIntFunction<MemorySegment> destroy) {
        int status = destroy.applyAsInt(handle);
        if (status != 0) {
            LOG.log(Level.WARNING, "{0} returned status {1}; what it should free may be lost until the process ends",
                    call, status);
        }
    }
}
