// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/**
 * Works with files in a thread that is being interrupted: a training that is told to stop so still has to save. An
 * interrupted thread's channels are closed under it, so the work is done without the interrupt, which stands again
 * afterwards.
 */
final class Uninterrupted {
    private Uninterrupted() {}

    /** Work that can be begun anew. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws IOException;
    }

    static <T> T call(Work<T> work) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return work.run();
                } catch (ClosedByInterruptException e) { // that came meanwhile
                    interrupted = true;
                    Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }
}
