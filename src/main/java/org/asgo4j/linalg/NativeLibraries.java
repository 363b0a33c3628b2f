// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Loads the one BLAS of this JVM.
 *
 * <p>The generated bindings look symbols up in the libraries of their class loader, so a class of this package has to
 * load them, before a generated class is touched. Every library is first opened for inspection and loaded only when all
 * symbols are there: what {@link System#load} has once taken stays until the class loader goes.
 */
final class NativeLibraries {
    private static final System.Logger LOG = System.getLogger(NativeLibraries.class.getName());

    /** What was asked for; the cache's place is no part of it, as it does not change what is loaded. */
    private record Request(BackendName name, String library) {
        @Override
        public String toString() {
            return name.property() + (library == null ? "" : " from " + library);
        }
    }

    private static Request loadedRequest;
    private static LoadedLibrary loaded;

    private NativeLibraries() {}

    /**
     * Loads the library of a backend. Tried are, for a given {@code library}, only that; for OpenBLAS the embedded one
     * where its jar is on the class path, otherwise the system's, with a warning; for MKL the system's. An embedded
     * library that is there but fails is an error, not a reason to look further.
     *
     * @param name OPENBLAS or MKL
     * @param library path or name (soname) of the library to load, or null for the default
     * @param cacheRoot where embedded libraries are extracted, or null for the user's cache directory
     * @return what was loaded; the same again for the same request
     * @throws UnsatisfiedLinkError if nothing could be loaded, with all that was tried and the loader's messages
     * @throws IllegalStateException if another library was loaded before
     * @throws IllegalCallerException if the JVM refuses native access to this library; the message names the option
     */
    static synchronized LoadedLibrary load(BackendName name, String library, Path cacheRoot) {
        if (name != BackendName.OPENBLAS && name != BackendName.MKL) {
            throw new IllegalArgumentException("backend " + name.property() + " has no BLAS to load");
        }
        Request request = new Request(name, library);
        if (loaded == null) {
            try {
                loaded = loadFirst(request, Platform.current(), cacheRoot);
            } catch (IllegalCallerException e) {
                throw NativeAccess.denied("load a native library", e);
            }
            loadedRequest = request;
        } else if (!Objects.equals(request, loadedRequest)) {
            throw new IllegalStateException("this JVM has loaded %s (%s) and can't load %s as well: one BLAS per JVM"
                    .formatted(loadedRequest, loaded.library(), request));
        }
        return loaded;
    }

    private static LoadedLibrary loadFirst(Request request, Platform platform, Path cacheRoot) {
        if (request.library() != null) {
            Attempts attempts = new Attempts(request.name(), platform);
            return loadAny(request.name(), List.of(file(request.library())), platform, attempts);
        }
        Attempts attempts = new Attempts(request.name(), platform);
        if (request.name() == BackendName.OPENBLAS) {
            Map<String, URL> resources = resources(platform);
            String missing = platform.embedded().stream().filter(file -> !resources.containsKey(file)).findFirst()
                    .orElse(null);
            if (missing == null) {
                return loadEmbedded(platform, resources, cacheRoot, attempts);
            }
            attempts.add("embedded", platform.resource(missing) + " is not on the class path");
            LoadedLibrary system = loadAny(request.name(), platform.systemNames(request.name()), platform, attempts);
            LOG.log(Level.WARNING, "the embedded OpenBLAS ({0}) is not on the class path; using the system''s, {1}. "
                    + "Name it with -Dasgo4j.library={1} if that is meant",
                    platform.resource(missing), system.library());
            return system;
        }
        return loadAny(request.name(), platform.systemNames(request.name()), platform, attempts);
    }

    private static Map<String, URL> resources(Platform platform) {
        Map<String, URL> resources = new LinkedHashMap<>();
        for (String file : platform.embedded()) {
            URL resource = NativeLibraries.class.getClassLoader().getResource(platform.resource(file));
            if (resource != null) {
                resources.put(file, resource);
            }
        }
        return resources;
    }

    private static LoadedLibrary loadEmbedded(Platform platform, Map<String, URL> resources, Path cacheRoot,
            Attempts attempts) {
        try {
            Path root = cacheRoot != null ? cacheRoot
                    : platform.userCache(System.getenv(), System.getProperty("user.home"));
            List<Path> extracted = new NativeCache(root, Ownership.posix()).extract(platform.classifier(), resources);
            List<Path> runtime = new ArrayList<>();
            for (Path file : extracted.subList(0, extracted.size() - 1)) {
                if (!Platform.systemCopyPreferred(file.getFileName().toString()) || !systemHas(file)) {
                    System.load(file.toString());
                    runtime.add(file);
                }
            }
            return loadChecked(BackendName.OPENBLAS, extracted.getLast().toString(), runtime, platform, true);
        } catch (IOException | UnsatisfiedLinkError e) {
            attempts.add("embedded " + platform.classifier(), e.getMessage());
            throw attempts.failure(e);
        }
    }

    private static boolean systemHas(Path file) {
        try (Arena probe = Arena.ofConfined()) {
            DynamicLoader.open(file.getFileName().toString(), probe);
            return true;
        } catch (UnsatisfiedLinkError e) {
            return false;
        }
    }

    private static LoadedLibrary loadAny(BackendName name, List<String> candidates, Platform platform,
            Attempts attempts) {
        for (String candidate : candidates) {
            try {
                return loadChecked(name, candidate, List.of(), platform, false);
            } catch (IOException | UnsatisfiedLinkError e) {
                attempts.add(candidate, e.getMessage());
            }
        }
        throw attempts.failure(null);
    }

    /** Inspects a candidate, then loads it, and its LAPACKE where that is a library of its own. */
    private static LoadedLibrary loadChecked(BackendName name, String candidate, List<Path> runtime, Platform platform,
            boolean embedded) throws IOException {
        try (Arena probe = Arena.ofConfined()) {
            BlasCandidate blas = BlasCandidate.open(name, candidate, platform.lapacke(), probe);
            List<Path> files = new ArrayList<>(runtime);
            files.addAll(blas.files());
            blas.files().forEach(file -> System.load(file.toString()));
            blas.checkVisible(SymbolLookup.loaderLookup());
            return new LoadedLibrary(name, files, blas.library(), embedded);
        }
    }

    /** A path, absolute, or a name left for the loader to look up. */
    private static String file(String library) {
        boolean path = library.indexOf('/') >= 0 || library.indexOf('\\') >= 0;
        return path ? Path.of(library).toAbsolutePath().toString() : library;
    }
}
