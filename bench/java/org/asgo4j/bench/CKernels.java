// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The functions of {@code native/kernels}, compiled here with make and a C compiler into {@code target/native}. What
 * each does is the Java kernel's description; where that takes a segment and a first element, C takes a pointer.
 */
final class CKernels {
    private static final Path SOURCES = Path.of("native", "kernels");
    private static final Path FOLDER = Path.of("target", "native");
    private static final Path LIBRARY = FOLDER.resolve("libkernels.so");

    /** Why there are no C kernels; null if there are. Before the handles, which it makes. */
    private static final String PROBLEM = build();

    private static final SymbolLookup SYMBOLS = PROBLEM == null
            ? SymbolLookup.libraryLookup(LIBRARY.toAbsolutePath(), Arena.global())
            : name -> Optional.empty();

    static final MethodHandle AXPBY = procedure("axpby", JAVA_FLOAT, ADDRESS, JAVA_FLOAT, ADDRESS, JAVA_LONG);
    static final MethodHandle LOOK_AHEAD = procedure("look_ahead", JAVA_FLOAT, ADDRESS, JAVA_FLOAT, ADDRESS, ADDRESS,
            JAVA_LONG);
    static final MethodHandle SCALE = procedure("scale", JAVA_FLOAT, ADDRESS, JAVA_LONG);
    static final MethodHandle SCALE_AND_ADD = procedure("scale_and_add", JAVA_FLOAT, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle MULTIPLY = procedure("multiply", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle ADD_SQUARES = procedure("add_squares", JAVA_FLOAT, ADDRESS, JAVA_FLOAT, ADDRESS,
            JAVA_LONG);
    static final MethodHandle ADD_SQUARES_DOUBLE = procedure("add_squares_double", JAVA_DOUBLE, ADDRESS, JAVA_DOUBLE,
            ADDRESS, JAVA_LONG);
    static final MethodHandle DIVIDE_BY_ROOT = procedure("divide_by_root", ADDRESS, ADDRESS, JAVA_FLOAT, JAVA_FLOAT,
            ADDRESS, JAVA_LONG);
    static final MethodHandle LION = procedure("lion", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_FLOAT, JAVA_DOUBLE,
            JAVA_DOUBLE, JAVA_FLOAT, JAVA_FLOAT);
    static final MethodHandle ADAMW = procedure("adamw", ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_FLOAT,
            JAVA_DOUBLE, JAVA_DOUBLE, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT);
    static final MethodHandle SUM_OF_SQUARES = function("sum_of_squares", JAVA_DOUBLE, ADDRESS, JAVA_LONG);
    static final MethodHandle FIRST_NON_FINITE = function("first_non_finite", JAVA_LONG, ADDRESS, JAVA_LONG);
    static final MethodHandle WIDEN = procedure("widen", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle NARROW = procedure("narrow", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle SCALE_DOUBLE = procedure("scale_double", JAVA_DOUBLE, ADDRESS, JAVA_LONG);
    static final MethodHandle GELU = procedure("gelu", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle GELU_BACKWARD = procedure("gelu_backward", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle LAYER_NORM = procedure("layer_norm", ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
            JAVA_INT, JAVA_INT, JAVA_FLOAT);
    static final MethodHandle LAYER_NORM_BACKWARD = procedure("layer_norm_backward", ADDRESS, ADDRESS, ADDRESS, ADDRESS,
            ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT);
    static final MethodHandle CAUSAL_SOFTMAX = procedure("causal_softmax", ADDRESS, JAVA_LONG, JAVA_INT, JAVA_FLOAT);
    static final MethodHandle CAUSAL_SOFTMAX_BACKWARD = procedure("causal_softmax_backward", ADDRESS, ADDRESS,
            JAVA_LONG, JAVA_INT, JAVA_FLOAT);
    static final MethodHandle CROSS_ENTROPY = function("cross_entropy", JAVA_DOUBLE, ADDRESS, JAVA_LONG, JAVA_INT,
            JAVA_INT, ADDRESS, JAVA_FLOAT);
    static final MethodHandle CROSS_ENTROPY_LOSS = function("cross_entropy_loss", JAVA_DOUBLE, ADDRESS, JAVA_LONG,
            JAVA_INT, JAVA_INT, ADDRESS);

    static final MethodHandle STREAM_COPY = procedure("stream_copy", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle STREAM_SCALE = procedure("stream_scale", JAVA_FLOAT, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle STREAM_ADD = procedure("stream_add", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle STREAM_TRIAD = procedure("stream_triad", JAVA_FLOAT, ADDRESS, ADDRESS, ADDRESS,
            JAVA_LONG);
    static final MethodHandle STREAM_UPDATE = procedure("stream_update", JAVA_FLOAT, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle STREAM_READ = function("stream_read", JAVA_INT, ADDRESS, JAVA_LONG);
    static final MethodHandle NOTHING = procedure("nothing");

    private CKernels() {
    }

    /** Why there are no C kernels here, for people; null if there are. */
    static String problem() {
        return PROBLEM;
    }

    private static String build() {
        if (!Files.isDirectory(SOURCES)) {
            return "no C kernels: no folder %s in %s".formatted(SOURCES, Path.of("").toAbsolutePath());
        }
        try {
            Process make = new ProcessBuilder("make", "-s", "-C", SOURCES.toString(),
                    "OUT=" + FOLDER.toAbsolutePath()).redirectErrorStream(true).start();
            String output = new String(make.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return make.waitFor() == 0 ? null : "no C kernels: make in %s failed:%n%s".formatted(SOURCES, output);
        } catch (IOException e) {
            return "no C kernels: make in %s could not be run: %s".formatted(SOURCES, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "no C kernels: interrupted while make ran";
        }
    }

    private static MethodHandle procedure(String name, MemoryLayout... parameters) {
        return handle(name, FunctionDescriptor.ofVoid(parameters));
    }

    private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... parameters) {
        return handle(name, FunctionDescriptor.of(result, parameters));
    }

    /** Null where there is no library; {@link #problem} is asked first. */
    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        if (PROBLEM != null) return null;
        return Linker.nativeLinker().downcallHandle(SYMBOLS.findOrThrow(name), descriptor);
    }
}
