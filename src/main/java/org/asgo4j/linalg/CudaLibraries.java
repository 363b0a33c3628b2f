// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The driver and the three libraries of one CUDA version, loaded once in this JVM. All are opened for inspection first
 * and loaded only if every function is there, as with a BLAS: what {@link System#load} has taken stays.
 *
 * @param folder where they were looked for, or null: where the system's loader looks
 * @param files what was loaded, as real paths
 * @param hasEigenBatch whether cuSOLVER has its batched eigendecomposition
 */
record CudaLibraries(String folder, List<Path> files, boolean hasEigenBatch) {
    private static final String DRIVER = "libcuda.so.1";

    /**
     * One version's names; libraries of two versions don't go together.
     *
     * @param driver the first version of CUDA whose driver runs these, as {@code cuDriverGetVersion} writes it
     * @param dependencies what the libraries need in turn; the loader doesn't look for it in a folder that it wasn't
     *     told of
     */
    record Version(String name, int driver, List<String> libraries, List<String> dependencies) {}

    static final List<Version> VERSIONS = List.of(
            new Version("CUDA 13", 13_000, List.of("libcudart.so.13", "libcublas.so.13", "libcusolver.so.12"),
                    List.of("libnvJitLink.so.13", "libcublasLt.so.13", "libcusparse.so.12")),
            new Version("CUDA 12", 12_000, List.of("libcudart.so.12", "libcublas.so.12", "libcusolver.so.11"),
                    List.of("libnvJitLink.so.12", "libcublasLt.so.12", "libcusparse.so.12")));

    private static CudaLibraries loaded;

    /**
     * Loads driver and libraries.
     *
     * @param folder where the libraries lie, or null to have the system's loader look for them
     * @throws UnsatisfiedLinkError if they could not be loaded, with all that was tried and the loader's messages
     * @throws IllegalStateException if this JVM has loaded those of another folder
     */
    static synchronized CudaLibraries load(String folder) {
        if (loaded == null) {
            loaded = loadFirst(folder);
        } else if (folder != null && !folder.equals(loaded.folder)) {
            throw new IllegalStateException("this JVM has loaded CUDA from %s and can't load it from %s as well"
                    .formatted(loaded, folder));
        }
        return loaded;
    }

    private static CudaLibraries loadFirst(String folder) {
        Attempts attempts = new Attempts(BackendName.CUDA, Platform.current());
        for (Version version : VERSIONS) {
            List<String> names = new ArrayList<>(version.libraries);
            names.addFirst(DRIVER); // says why the others would not work
            try (Arena probe = Arena.ofShared()) {
                List<Path> files = inspect(version, names, folder, probe, attempts);
                if (files == null) continue;
                files.forEach(file -> System.load(file.toString()));
                boolean batch = BlasSymbols.missing(CudaSymbols.EIGEN_BATCH, SymbolLookup.loaderLookup()).isEmpty();
                return new CudaLibraries(folder, files, batch);
            }
        }
        throw attempts.failure(null);
    }

    /** The files of these libraries, dependencies first; null if one of them is missing or lacks a function. */
    private static List<Path> inspect(
            Version version, List<String> names, String folder, Arena probe, Attempts attempts) {
        List<Path> files = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        boolean driverIsOld = false;
        for (String name : version.dependencies) {
            if (folder == null || !Files.exists(Path.of(folder, name))) continue;
            Path file = Path.of(folder, name).toAbsolutePath();
            try {
                DynamicLoader.open(file.toString(), probe);
                files.add(file);
            } catch (UnsatisfiedLinkError e) {
                attempts.add("%s (for %s)".formatted(name, version.name), e.getMessage());
                missing.add(name);
            }
        }
        for (String name : names) {
            String candidate = "%s (for %s)".formatted(name, version.name);
            try {
                Path file = inspect(version, name, folder, probe);
                files.add(file);
                attempts.add(candidate, "found, " + file);
            } catch (IOException | UnsatisfiedLinkError e) {
                attempts.add(candidate, e.getMessage());
                missing.add(name);
                driverIsOld |= e instanceof OldDriverError;
            }
        }
        if (missing.equals(List.of(DRIVER))) {
            attempts.conclude("The libraries of %s are there, but NVIDIA's driver (%s) is %s"
                    .formatted(version.name, DRIVER, driverIsOld ? "too old for them: install a newer one"
                            : "not: install it if there is a GPU"));
        }
        return missing.isEmpty() ? files : null;
    }

    private static Path inspect(Version version, String name, String folder, Arena probe) throws IOException {
        Path inFolder = folder == null ? null : Path.of(folder, name).toAbsolutePath();
        // The driver comes with the kernel module: a folder of libraries need not have it.
        boolean fromFolder = inFolder != null && (!name.equals(DRIVER) || Files.exists(inFolder));
        SymbolLookup symbols = DynamicLoader.open(fromFolder ? inFolder.toString() : name, probe);
        List<String> wanted = CudaSymbols.of(name);
        List<String> missing = BlasSymbols.missing(wanted, symbols);
        if (!missing.isEmpty()) {
            throw new UnsatisfiedLinkError("can be opened but lacks %s".formatted(String.join(", ", missing)));
        }
        if (name.equals(DRIVER)) requireDriver(version, symbols);
        return DynamicLoader.fileOf(symbols.findOrThrow(wanted.getFirst())).orElse(Path.of(name)).toRealPath();
    }

    /** Tells a driver that is there from one that is not. */
    private static final class OldDriverError extends UnsatisfiedLinkError {
        private static final long serialVersionUID = 1;

        private OldDriverError(String message) {
            super(message);
        }
    }

    private static void requireDriver(Version version, SymbolLookup symbols) {
        int driver = DynamicLoader.integer("cuDriverGetVersion", symbols);
        if (driver >= version.driver) return;
        throw new OldDriverError("is for CUDA %s, too old".formatted(CudaDevice.version(driver)));
    }

    @Override
    public String toString() {
        return files.stream().map(Path::toString).distinct().collect(Collectors.joining(", "));
    }
}
