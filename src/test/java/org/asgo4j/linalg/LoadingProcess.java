// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * Loads a backend's library twice and another one, and computes with it: arguments are the backend, the library or "-",
 * and the cache's root. Prints what happened.
 */
final class LoadingProcess {
    private static final int COLUMN_MAJOR = 102;

    private LoadingProcess() {}

    public static void main(String[] arguments) throws Throwable {
        BackendName name = BackendName.parse(arguments[0]);
        String library = arguments[1].equals("-") ? null : arguments[1];
        Path cache = Path.of(arguments[2]);
        LoadedLibrary loaded;
        try {
            loaded = NativeLibraries.load(name, library, cache);
        } catch (UnsatisfiedLinkError e) {
            System.out.println("failed " + e.getMessage());
            return;
        }
        System.out.println("loaded " + loaded);
        System.out.println("same " + (NativeLibraries.load(name, library, cache) == loaded));
        try {
            NativeLibraries.load(BackendName.MKL, "another.so", cache);
        } catch (IllegalStateException e) {
            System.out.println("refused " + e.getMessage());
        }
        System.out.println("eigenvalues " + eigenvalues());
    }

    /** The eigenvalues of ((2, 1), (1, 2)), which are 1 and 3. */
    private static String eigenvalues() throws Throwable {
        MethodHandle ssyevd = Linker.nativeLinker().downcallHandle(
                SymbolLookup.loaderLookup().findOrThrow("LAPACKE_ssyevd_work"),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_BYTE, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS,
                        ADDRESS, JAVA_INT, ADDRESS, JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            int n = 2;
            int capacity = 1 + 6 * n + 2 * n * n; // LAPACK's minimum for work, more than that for iwork
            MemorySegment a = arena.allocateFrom(JAVA_FLOAT, 2, 1, 1, 2);
            MemorySegment w = arena.allocate(MemoryLayout.sequenceLayout(n, JAVA_FLOAT));
            MemorySegment work = arena.allocate(MemoryLayout.sequenceLayout(capacity, JAVA_FLOAT));
            MemorySegment iwork = arena.allocate(MemoryLayout.sequenceLayout(capacity, JAVA_INT));
            int info = (int) ssyevd.invokeExact(COLUMN_MAJOR, (byte) 'N', (byte) 'U', n, a, n, w, work, capacity,
                    iwork, capacity);
            return "info %d: %.3f %.3f".formatted(info, w.getAtIndex(JAVA_FLOAT, 0), w.getAtIndex(JAVA_FLOAT, 1));
        }
    }
}
