// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.asgo4j.bindings.blas.Mkl;
import org.asgo4j.bindings.blas.OpenBlas;

/** The BLAS that this JVM loaded: its thread count, fixed at opening, and what it says of itself. */
record BlasLibrary(LoadedLibrary loaded, int threads) {
    private static final int VERSION_CAPACITY = 256;

    BackendName name() {
        return loaded.name();
    }

    /**
     * Opens {@code loaded} with a fixed number of BLAS threads. Never changed afterwards: OpenBLAS's pool threads spin
     * for tens of milliseconds after a threaded call and take a core from whoever runs next.
     */
    static BlasLibrary open(LoadedLibrary loaded, int threads) {
        switch (loaded.name()) {
            case OPENBLAS -> OpenBlas.openblas_set_num_threads(threads);
            case MKL -> Mkl.MKL_Set_Num_Threads(threads);
            case REFERENCE, CUDA -> throw new IllegalArgumentException(loaded.name() + " has no such BLAS");
        }
        return new BlasLibrary(loaded, threads);
    }

    String describe() {
        String version =
                switch (loaded.name()) {
                    case OPENBLAS -> text(OpenBlas.openblas_get_config()) + ", core type "
                            + text(OpenBlas.openblas_get_corename());
                    case MKL -> mklVersion();
                    case REFERENCE, CUDA -> throw new IllegalStateException(loaded.name() + " has no such BLAS");
                };
        return "%s (%s, %d BLAS thread%s per call) from %s%s"
                .formatted(
                        loaded.name(),
                        version.strip(),
                        threads,
                        threads == 1 ? "" : "s",
                        loaded.library(),
                        loaded.embedded() ? " (embedded)" : "");
    }

    /**
     * Whether {@link GemmTiles} are of use: OpenBLAS on a core for which it has kernels of that kind, and with one
     * thread, since it does not share out products that small.
     */
    boolean multipliesSmallInPlace() {
        return loaded.name() == BackendName.OPENBLAS
                && threads == 1
                && GemmTiles.CORES.contains(text(OpenBlas.openblas_get_corename()).toUpperCase(Locale.ROOT));
    }

    private static String text(MemorySegment cString) {
        return cString.getString(0);
    }

    private static String mklVersion() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(VERSION_CAPACITY);
            Mkl.MKL_Get_Version_String(buffer, VERSION_CAPACITY);
            return buffer.getString(0);
        }
    }
}
