// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Memory between two pages that may not be touched: one element outside it, and the process ends. Linux only. */
final class GuardedPages implements AutoCloseable {
    /** From bits/mman-linux.h and asm-generic/mman-common.h, the same on x86-64 and arm64. */
    private static final int PROT_NONE = 0;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

    /** A multiple of the page size wherever pages have up to 64 KiB. */
    private static final long PAGE = 64 * 1024;

    private static final MethodHandle MMAP = function("mmap", FunctionDescriptor.of(ValueLayout.ADDRESS,
            ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    private static final MethodHandle MPROTECT = function("mprotect", FunctionDescriptor.of(ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    private static final MethodHandle MUNMAP = function("munmap",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment usable;

    /** Room for {@code bytes}, a guard before and a guard after it. */
    GuardedPages(long bytes) throws Throwable {
        long inner = Math.ceilDiv(bytes, PAGE) * PAGE;
        long all = inner + 2 * PAGE;
        MemorySegment mapped = (MemorySegment) MMAP.invokeExact(
                MemorySegment.NULL, all, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
        if (mapped.address() == -1) throw new OutOfMemoryError("mmap of " + all + " bytes failed");
        MemorySegment memory = mapped.reinterpret(all, arena, GuardedPages::unmap);
        protect(memory.asSlice(0, PAGE));
        protect(memory.asSlice(PAGE + inner, PAGE));
        usable = memory.asSlice(PAGE, inner);
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }

    private static void protect(MemorySegment page) throws Throwable {
        int result = (int) MPROTECT.invokeExact(page, page.byteSize(), PROT_NONE);
        if (result != 0) throw new IllegalStateException("mprotect failed at " + page);
    }

    private static void unmap(MemorySegment memory) {
        try {
            int result = (int) MUNMAP.invokeExact(memory, memory.byteSize());
            if (result != 0) throw new IllegalStateException("munmap failed at " + memory);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** The first bytes, behind the guard. */
    MemorySegment start(long bytes) {
        return usable.asSlice(0, bytes);
    }

    /** The last bytes, before the guard. */
    MemorySegment end(long bytes) {
        return usable.asSlice(usable.byteSize() - bytes);
    }

    @Override
    public void close() {
        arena.close();
    }
}
