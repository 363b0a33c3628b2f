// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Asks the operating system's loader: opens a library for inspection, says why it cannot be opened, and which file a
 * symbol lies in.
 *
 * <p>{@link SymbolLookup#libraryLookup} keeps the loader's reason to itself ("Cannot open library"), and a missing
 * dependency cannot be guessed without it; so a failure is repeated through dlopen, to have dlerror's text.
 */
final class DynamicLoader {
    private static final Linker LINKER = Linker.nativeLinker();

    /** dlopen's RTLD_LAZY: resolve functions at their first call. 1 on Linux and macOS. */
    private static final int RTLD_LAZY = 1;

    private static final AddressLayout C_STRING = ValueLayout.ADDRESS
            .withTargetLayout(MemoryLayout.sequenceLayout(Long.MAX_VALUE, ValueLayout.JAVA_BYTE));

    /** dladdr's Dl_info: the file's name, its base, the nearest symbol's name and address. */
    private static final StructLayout DL_INFO = MemoryLayout.structLayout(
            C_STRING.withName("dli_fname"), ValueLayout.ADDRESS.withName("dli_fbase"),
            C_STRING.withName("dli_sname"), ValueLayout.ADDRESS.withName("dli_saddr"));

    private DynamicLoader() {}

    /**
     * Opens a library until the arena closes; symbols of its dependencies are found too.
     *
     * @param file a path, or a name that the loader looks up
     * @throws UnsatisfiedLinkError if it cannot be opened, with the loader's own message
     */
    static SymbolLookup open(String file, Arena arena) {
        try {
            return SymbolLookup.libraryLookup(file, arena);
        } catch (IllegalArgumentException e) {
            throw new UnsatisfiedLinkError(reason(file).orElse(e.getMessage()));
        }
    }

    /** The file that this symbol's code lies in; empty where the system cannot tell (Windows). */
    static Optional<Path> fileOf(MemorySegment symbol) {
        Optional<MethodHandle> dladdr = function("dladdr",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
        if (dladdr.isEmpty()) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(DL_INFO);
            boolean found = (int) dladdr.get().invokeExact(symbol, info) != 0;
            return found ? Optional.of(Path.of(info.get(C_STRING, 0).getString(0))) : Optional.empty();
        } catch (Throwable e) {
            throw new IllegalStateException("dladdr could not be called", e);
        }
    }

    /** The text that a C function without arguments returns. */
    static String text(MemorySegment function) {
        MethodHandle call = LINKER.downcallHandle(function, FunctionDescriptor.of(C_STRING));
        try {
            MemorySegment text = (MemorySegment) call.invokeExact();
            return text.address() == 0 ? "" : text.getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException("native function could not be called", e);
        }
    }

    /**
     * The number that a C function writes to where its one argument points.
     *
     * @throws UnsatisfiedLinkError if it returns a status that is not 0
     */
    static int integer(String function, SymbolLookup library) {
        MethodHandle call = LINKER.downcallHandle(library.findOrThrow(function),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
            int status = (int) call.invokeExact(value);
            if (status != 0) throw new UnsatisfiedLinkError("%s returned status %d".formatted(function, status));
            return value.get(ValueLayout.JAVA_INT, 0);
        } catch (UnsatisfiedLinkError e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(function + " could not be called", e);
        }
    }

    /** Why the loader does not open this file, in its words; empty where it does not say (Windows). */
    private static Optional<String> reason(String file) {
        Optional<MethodHandle> dlopen = function("dlopen",
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        Optional<MemorySegment> dlerror = LINKER.defaultLookup().find("dlerror");
        if (dlopen.isEmpty() || dlerror.isEmpty()) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = (MemorySegment) dlopen.get().invokeExact(arena.allocateFrom(file), RTLD_LAZY);
            return handle.address() == 0 ? Optional.of(text(dlerror.get())) : Optional.empty();
        } catch (Throwable e) {
            throw new IllegalStateException("dlopen could not be called", e);
        }
    }

    private static Optional<MethodHandle> function(String name, FunctionDescriptor type) {
        return LINKER.defaultLookup().find(name).map(address -> LINKER.downcallHandle(address, type));
    }
}
