// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * CUDA's functions on this computer's memory: the C library of native/fakecuda, built here with make and a C compiler.
 * It stands for a machine with one GPU, whose work waits until something waits for it.
 */
public final class FakeCuda {
    private static final boolean REAL = Boolean.getBoolean("asgo4j.gpu");
    private static final Path SOURCE = Path.of("native", "fakecuda");
    private static final Path FOLDER = Path.of("target", "fakecuda").toAbsolutePath();
    private static final Path LIBRARY = FOLDER.resolve("libfakecuda.so");

    /** The names under which the CUDA backend looks for its libraries. */
    private static final List<String> NAMES = List.of("libcuda.so.1", "libcudart.so.13", "libcublas.so.13",
            "libcusolver.so.12");

    private static final String REASON = build();

    private FakeCuda() {}

    /** Whether it is there. */
    public static boolean isThere() {
        return REASON.isEmpty();
    }

    /** Why it is not there; empty if it is. */
    public static String whyNot() {
        return REASON;
    }

    /** The folder for {@code asgo4j.cuda}. */
    public static Path folder() {
        return FOLDER;
    }

    /**
     * Has {@code Backends.open(CUDA)} find the CUDA to test: this one, or that of a machine with a GPU where
     * {@code asgo4j.gpu} says so.
     *
     * @return whether there is one
     */
    public static boolean prepare() {
        if (REAL) return true;
        if (isThere()) System.setProperty("asgo4j.cuda", FOLDER.toString());
        return isThere();
    }

    /** Whether it is what {@code Backends.open(CUDA)} finds, so that it can be asked and made to fail. */
    public static boolean isUsed() {
        return !REAL && prepare();
    }

    /** Makes call {@code after + 1} of a function return a status and do nothing else. */
    public static void fail(String function, int after, int status) {
        try (Arena arena = Arena.ofConfined()) {
            call("fakecuda_fail", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT), arena.allocateFrom(function), after, status);
        }
    }

    /** Makes one matrix of the next batched eigendecomposition fail with an {@code info}. */
    public static void failMatrix(int index, int info) {
        call("fakecuda_fail_matrix", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT), index,
                info);
    }

    /** Makes the next call that synchronizes return a status, as after a failed kernel. */
    public static void failLater(int status) {
        call("fakecuda_fail_later", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT), status);
    }

    /** Sets the size of the device memory in bytes. */
    public static void setTotal(long bytes) {
        call("fakecuda_set_total", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), bytes);
    }

    /** Sets when work is done: 0 at once, 1 when something waits for it, 2 at once in streams that only copy. */
    public static void setDeferred(int deferred) {
        call("fakecuda_set_deferred", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT), deferred);
    }

    /** Sets how many GPUs there are. */
    public static void setDevices(int count) {
        call("fakecuda_set_devices", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT), count);
    }

    /** Sets which compute capability the GPUs have. */
    public static void setCapability(int major, int minor) {
        call("fakecuda_set_capability", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT), major,
                minor);
    }

    /** Puts it back to where a new process is. No backend may be open. */
    public static void reset() {
        call("fakecuda_reset", FunctionDescriptor.ofVoid());
    }

    /**
     * Puts it back, after a test that closed its backends.
     *
     * @throws AssertionError if something was left or misused; a real CUDA can't be asked, and nothing is done
     */
    public static void resetAndRequireNothingLeft() {
        if (!isUsed()) return;
        String misuse = misuse();
        long bytes = liveBytes();
        long objects = liveObjects();
        reset();
        assertEquals("", misuse);
        assertEquals(0, bytes, "bytes of device memory left");
        assertEquals(0, objects, "handles and registrations left");
    }

    /** The bytes of device memory that are in use. */
    public static long liveBytes() {
        return number("fakecuda_live_bytes");
    }

    /** The handles, page-locked blocks and registrations that are there. */
    public static long liveObjects() {
        return number("fakecuda_live_objects");
    }

    /** How often a function was called. */
    public static long calls(String function) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) call("fakecuda_calls", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS),
                    arena.allocateFrom(function));
        }
    }

    /** The first thing that a caller did wrong, such as a bad pointer; empty if nothing. */
    public static String misuse() {
        var text = ValueLayout.ADDRESS.withTargetLayout(
                MemoryLayout.sequenceLayout(Long.MAX_VALUE, ValueLayout.JAVA_BYTE));
        return ((MemorySegment) call("fakecuda_misuse", FunctionDescriptor.of(text))).getString(0);
    }

    /** The most bytes that one copy since the last call brought to the GPU or from it. */
    public static long largestTransfer() {
        return number("fakecuda_largest_transfer");
    }

    private static long number(String function) {
        return (long) call(function, FunctionDescriptor.of(ValueLayout.JAVA_LONG));
    }

    private static Object call(String function, FunctionDescriptor type, Object... arguments) {
        SymbolLookup symbols = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
        try {
            return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(function), type)
                    .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(function + " could not be called", e);
        }
    }

    /** Builds the library and gives it CUDA's names; says why not if that can't be. */
    private static String build() {
        if (!System.getProperty("os.name").equals("Linux")) return "the CUDA backend is for Linux";
        try {
            Files.createDirectories(FOLDER);
            Path log = FOLDER.resolve("make.log");
            Process make = new ProcessBuilder("make", "-C", SOURCE.toString(), "OUT=" + FOLDER)
                    .redirectErrorStream(true).redirectOutput(log.toFile()).start();
            if (make.waitFor() != 0) return "make of native/fakecuda failed:\n" + Files.readString(log);
            for (String name : NAMES) {
                Path link = FOLDER.resolve(name);
                if (!Files.exists(link)) Files.createSymbolicLink(link, LIBRARY.getFileName());
            }
            return "";
        } catch (IOException e) {
            return "make of native/fakecuda could not be run: " + e.getMessage();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while building native/fakecuda", e);
        }
    }
}
