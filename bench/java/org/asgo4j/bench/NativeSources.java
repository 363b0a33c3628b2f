// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * C sources below {@code native}, made into a library in {@code target/native} at the first call. That there are no
 * tools for it is one thing, which a test may skip for; sources that don't compile are another, and an exception.
 */
final class NativeSources {
    /** {@code native/step.c}. */
    static final NativeSources STEP = new NativeSources(Path.of("native"), "libstep.so");

    /** {@code native/kernels}. */
    static final NativeSources KERNELS = new NativeSources(Path.of("native", "kernels"), "libkernels.so");

    private static final Path FOLDER = Path.of("target", "native").toAbsolutePath();
    private static final List<String> TOOLS = List.of("make", "cc");

    private final Path sources;
    private final String library;
    private SymbolLookup symbols;

    /**
     * Makes nothing yet.
     *
     * @param sources the folder of a Makefile whose first target is the library, in the folder OUT
     * @param library the library's file name
     */
    private NativeSources(Path sources, String library) {
        this.sources = sources;
        this.library = library;
    }

    /** Why it can't be made here, for people; null if it can. */
    String missing() {
        if (!Files.isDirectory(sources)) {
            return "no folder %s in %s".formatted(sources, Path.of("").toAbsolutePath());
        }
        return TOOLS.stream().filter(tool -> !isOnPath(tool)).findFirst()
                .map(tool -> "no %s on the PATH to make %s in %s".formatted(tool, library, sources))
                .orElse(null);
    }

    private static boolean isOnPath(String tool) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }

    /**
     * A function of the library.
     *
     * @throws IllegalStateException if the library can't be made; the message has the compiler's own
     */
    synchronized MethodHandle handle(String function, FunctionDescriptor type) {
        if (symbols == null) symbols = make();
        return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(function), type);
    }

    private SymbolLookup make() {
        if (missing() != null) throw new IllegalStateException(missing());
        try {
            Files.createDirectories(FOLDER);
            Process make = new ProcessBuilder("make", "-s", "-C", sources.toString(), "OUT=" + FOLDER)
                    .redirectErrorStream(true).start();
            String output = new String(make.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (make.waitFor() != 0) {
                throw new IllegalStateException("make in %s failed:%n%s".formatted(sources, output));
            }
        } catch (IOException e) {
            throw new IllegalStateException("make in %s could not be run".formatted(sources), e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while make ran in " + sources, e);
        }
        return SymbolLookup.libraryLookup(FOLDER.resolve(library), Arena.global());
    }
}
