// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.File;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Is a library opened for inspection: found fit to serve as this backend's BLAS, but not loaded yet. */
final class BlasCandidate {
    private static final System.Logger LOG = System.getLogger(BlasCandidate.class.getName());

    /** Part of OpenBLAS's configuration text when its integers have 64 bits; the bindings pass 32. */
    private static final String WIDE_INTEGERS = "USE64BITINT";

    /** Intel's OpenMP runtime on Linux. */
    private static final String OPENMP = "libiomp5.so";

    private final BackendName name;
    private final SymbolLookup symbols;
    private final List<Path> files;

    private BlasCandidate(BackendName name, SymbolLookup symbols, List<Path> files) {
        this.name = name;
        this.symbols = symbols;
        this.files = files;
    }

    /**
     * Opens a library and checks all symbols; where only LAPACKE is missing, finds it in one of {@code companions}.
     *
     * @throws UnsatisfiedLinkError if it can't be opened or is not fit; the message says why
     * @throws IOException if its file can't be found
     */
    static BlasCandidate open(BackendName name, String file, List<String> companions, Arena arena) throws IOException {
        SymbolLookup symbols = DynamicLoader.open(file, arena);
        List<String> missing = BlasSymbols.missing(BlasSymbols.own(name), symbols);
        if (!missing.isEmpty()) {
            throw new UnsatisfiedLinkError("can be opened but lacks %s".formatted(String.join(", ", missing)));
        }
        if (name == BackendName.OPENBLAS) {
            String config = DynamicLoader.text(symbols.findOrThrow("openblas_get_config"));
            if (config.contains(WIDE_INTEGERS)) {
                throw new UnsatisfiedLinkError("is built with 64-bit integers, expected 32-bit: " + config);
            }
        }
        BlasCandidate blas = new BlasCandidate(name, symbols, new ArrayList<>());
        blas.files.add(realFile(file, blas.marker()));
        blas.addLapacke(companions, arena);
        if (name == BackendName.MKL) {
            blas.checkComplete(arena);
        }
        return blas;
    }

    /**
     * Refuses an mkl_rt without the rest of oneMKL, or without the OpenMP runtime of its default threading layer: it
     * loads both at its first call, and ends the process where they are missing.
     */
    private void checkComplete(Arena arena) {
        String file = library().getFileName().toString();
        Path core = library().resolveSibling(file.replace("mkl_rt", "mkl_core"));
        if (!Files.exists(core)) {
            throw new UnsatisfiedLinkError("%s needs %s, which is not there".formatted(library(), core));
        }
        boolean defaultThreading = System.getenv("MKL_THREADING_LAYER") == null;
        if (file.contains(".so") && defaultThreading && !Files.exists(library().resolveSibling(OPENMP))) {
            try {
                DynamicLoader.open(OPENMP, arena);
            } catch (UnsatisfiedLinkError e) {
                throw new UnsatisfiedLinkError("%s needs Intel's OpenMP runtime beside it or where the loader looks: %s"
                        .formatted(library(), e.getMessage()));
            }
        }
    }

    private void addLapacke(List<String> companions, Arena arena) throws IOException {
        List<String> missing = BlasSymbols.missing(BlasSymbols.LAPACKE, symbols);
        if (missing.isEmpty()) {
            return;
        }
        StringBuilder reasons = new StringBuilder();
        for (String companion : companions) {
            try {
                Path found = lapacke(companion, arena);
                LOG.log(Level.INFO, "{0} has no LAPACKE; it is taken from {1}", library(), found);
                files.add(found);
                return;
            } catch (UnsatisfiedLinkError e) {
                reasons.append("; ").append(companion).append(": ").append(e.getMessage());
            }
        }
        throw new UnsatisfiedLinkError(("%s lacks %s, and no separate LAPACKE serves%s (Debian, Ubuntu: install "
                + "liblapacke)").formatted(library(), String.join(", ", missing), reasons));
    }

    /**
     * The file of a separate LAPACKE that computes with this BLAS. One that is bound to another would bring that one's
     * cblas_sgemm into the class loader too, and which of the two is then called is left to chance.
     */
    private Path lapacke(String companion, Arena arena) throws IOException {
        SymbolLookup lookup = DynamicLoader.open(companion, arena);
        List<String> missing = BlasSymbols.missing(BlasSymbols.LAPACKE, lookup);
        if (!missing.isEmpty()) {
            throw new UnsatisfiedLinkError("lacks " + String.join(", ", missing));
        }
        Optional<Path> gemm = lookup.find("cblas_sgemm").flatMap(DynamicLoader::fileOf);
        // Not a question to the companion itself: its liblapack may come from this BLAS and its libblas from another.
        if (gemm.isPresent() && !sameMarker(DynamicLoader.open(gemm.get().toString(), arena))) {
            throw new UnsatisfiedLinkError("is bound to another BLAS, %s; with update-alternatives it can be this one"
                    .formatted(gemm.get()));
        }
        return realFile(companion, lookup.findOrThrow(BlasSymbols.LAPACKE.getFirst()));
    }

    /** The file that holds the BLAS, as a real path. */
    Path library() {
        return files.getFirst();
    }

    /** The files to load, in this order. */
    List<Path> files() {
        return files;
    }

    /**
     * Checks that a class loader's libraries give this library's functions, and not those of one loaded earlier.
     *
     * @throws UnsatisfiedLinkError if not; the message names the other file
     */
    void checkVisible(SymbolLookup loader) {
        if (!sameMarker(loader)) {
            String other = loader.find(BlasSymbols.control(name).getFirst()).flatMap(DynamicLoader::fileOf)
                    .map(Path::toString).orElse("no file");
            throw new UnsatisfiedLinkError(("%s was loaded, but this class loader finds the functions of %s, which "
                    + "other code loaded before; open the backend before that code runs, or share its library with "
                    + "-Dasgo4j.library=%s").formatted(library(), other, other));
        }
    }

    private boolean sameMarker(SymbolLookup other) {
        return other.find(BlasSymbols.control(name).getFirst())
                .filter(address -> address.address() == marker().address())
                .isPresent();
    }

    /** The address that tells this library from every other, also from thin ones that only forward to it. */
    private MemorySegment marker() {
        return symbols.findOrThrow(BlasSymbols.control(name).getFirst());
    }

    /** The real path of the file that was opened under this name. */
    private static Path realFile(String file, MemorySegment symbol) throws IOException {
        Optional<Path> found = DynamicLoader.fileOf(symbol);
        if (found.isPresent()) {
            return found.get().toRealPath();
        }
        if (Path.of(file).isAbsolute()) {
            return Path.of(file).toRealPath();
        }
        String searchPath = System.getenv().getOrDefault("PATH", "");
        for (String directory : Arrays.asList(searchPath.split(File.pathSeparator))) {
            Path candidate = Path.of(directory, file);
            if (Files.isRegularFile(candidate)) {
                return candidate.toRealPath();
            }
        }
        throw new UnsatisfiedLinkError("can be opened, but %s is in no directory of PATH; pass its path"
                .formatted(file));
    }
}
