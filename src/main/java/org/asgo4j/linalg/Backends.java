// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.nio.file.Path;

/**
 * Opens backends, as these system properties say:
 *
 * <ul>
 *   <li>{@code asgo4j.backend}: {@code openblas} (the default), {@code mkl}, {@code cuda} or {@code reference}
 *   <li>{@code asgo4j.library}: path or soname of the BLAS to load instead of the embedded or system default
 *   <li>{@code asgo4j.cache}: the folder into which the embedded library is extracted, instead of the user's cache
 *       folder
 *   <li>{@code asgo4j.cuda}: the folder of CUDA's libraries, instead of where the system's loader looks
 *   <li>{@code asgo4j.cuda.pagelock}: {@code false} keeps an {@code Optimizer} on a GPU from page-locking the caller's
 *       memory; the default is {@code true}
 * </ul>
 *
 * <p>What was asked for and can't be had throws; no other backend takes its place. The default OpenBLAS is the embedded
 * one; where its jar is not on the class path it is the system's, and a warning names it. A JVM loads one BLAS: later
 * opens share it, and asking for another one, or for another number of BLAS threads, throws.
 *
 * {@snippet file="MatrixExamplesTest.java" region="backends"}
 */
public final class Backends {
    private static final Object LOCK = new Object();
    private static BlasLibrary opened;

    private Backends() {}

    /**
     * The backend that {@code asgo4j.backend} names (default OpenBLAS), with one BLAS thread per call.
     *
     * @throws IllegalArgumentException if there is no backend of that name; otherwise as
     *     {@link #open(BackendName, int)}
     */
    public static Backend open() {
        String name = System.getProperty("asgo4j.backend");
        return open(name == null ? BackendName.OPENBLAS : BackendName.parse(name));
    }

    /**
     * The named backend with one BLAS thread per call, which is right for {@link Workers}.
     *
     * <p>Throws what {@link #open(BackendName, int)} does.
     */
    public static Backend open(BackendName name) {
        return open(name, 1);
    }

    /**
     * The named backend with {@code blasThreads} threads per BLAS call: more than one is for a caller that steps one
     * large matrix at a time. REFERENCE and CUDA have no BLAS threads: the number says nothing to them.
     *
     * @throws UnsatisfiedLinkError if no library could be loaded; the message lists every candidate and the loader's
     *     answer
     * @throws IllegalStateException if this JVM already runs another BLAS, or this one with another number of threads
     * @throws IllegalArgumentException if {@code blasThreads} is less than 1, or a property of CUDA's has a wrong value
     * @throws IllegalCallerException if the JVM refuses native access to this library; the message names the option
     * @throws DeviceException if the libraries are there, but no GPU that they can use
     */
    public static Backend open(BackendName name, int blasThreads) {
        if (blasThreads < 1) throw new IllegalArgumentException("blasThreads must be at least 1, got " + blasThreads);
        if (name == BackendName.REFERENCE) return new ReferenceBackend();
        if (name == BackendName.CUDA) {
            boolean pageLock = pageLock();
            return CudaBackend.open(CudaLibraries.load(System.getProperty("asgo4j.cuda")), pageLock);
        }
        String cache = System.getProperty("asgo4j.cache");
        synchronized (LOCK) {
            LoadedLibrary loaded = NativeLibraries.load(
                    name, System.getProperty("asgo4j.library"), cache == null ? null : Path.of(cache));
            if (opened == null) opened = BlasLibrary.open(loaded, blasThreads);
            if (opened.threads() != blasThreads) {
                throw new IllegalStateException("this JVM runs %s with %d BLAS threads per call; asked for %d"
                        .formatted(name, opened.threads(), blasThreads));
            }
            return new BlasBackend(opened);
        }
    }

    private static boolean pageLock() {
        String text = System.getProperty("asgo4j.cuda.pagelock", "true");
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException("asgo4j.cuda.pagelock must be true or false, got '" + text + "'");
        }
        return text.equals("true");
    }
}
