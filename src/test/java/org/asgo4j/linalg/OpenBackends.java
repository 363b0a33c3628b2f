// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.provider.Arguments;

/**
 * The backends that the contract tests run over: the reference, the one BLAS that this JVM loads, and CUDA's, on the
 * fake library unless {@code asgo4j.cuda} names real ones. Where no C compiler is, CUDA is left out;
 * {@code CudaBackendTest} is reported as skipped then, with the reason.
 */
final class OpenBackends {
    /**
     * The BLAS of {@code asgo4j.backend} where that names one, so that a run of all tests can try MKL; else OpenBLAS.
     */
    static final BackendName BLAS = blas();

    /** Whether CUDA is among them. */
    static final boolean HAS_CUDA = FakeCuda.prepare();

    private OpenBackends() {}

    private static BackendName blas() {
        BackendName named = BackendName.parse(System.getProperty("asgo4j.backend", "openblas"));
        return named == BackendName.OPENBLAS || named == BackendName.MKL ? named : BackendName.OPENBLAS;
    }

    /** The backends by name: sources for parameterized tests. */
    static Stream<BackendName> names() {
        return HAS_CUDA ? Stream.of(BackendName.REFERENCE, BLAS, BackendName.CUDA)
                : Stream.of(BackendName.REFERENCE, BLAS);
    }

    /** Those that work on this computer's memory. */
    static Stream<BackendName> cpuNames() {
        return Stream.of(BackendName.REFERENCE, BLAS);
    }

    /** The BLAS with products in tiles where {@link Backends#open} makes them whole on this core, and the reverse. */
    private static Backend blasOtherwise() {
        try (Backend usual = Backends.open(BLAS)) {
            return ((BlasBackend) usual).withTiles(!usual.multipliesSmallInPlace());
        }
    }

    /** Every backend with every element type. */
    static Stream<Arguments> namesAndTypes() {
        return names().flatMap(name -> Stream.of(ElementType.values()).map(type -> Arguments.of(name, type)));
    }

    /** {@link #namesAndTypes} as what opens them; and the BLAS that makes small products in its other way. */
    static Stream<Arguments> productsAndTypes() {
        Stream<Arguments> usual = names().flatMap(name -> Stream.of(ElementType.values())
                .map(type -> opener(name.name(), () -> Backends.open(name), type)));
        return Stream.concat(usual, Stream.of(
                opener(BLAS + " otherwise", OpenBackends::blasOtherwise, ElementType.FLOAT32)));
    }

    private static Arguments opener(String name, Supplier<Backend> open, ElementType type) {
        return Arguments.of(Named.of(name, open), type);
    }
}
