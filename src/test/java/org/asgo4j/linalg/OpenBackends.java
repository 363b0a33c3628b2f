// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** The backends that the contract tests run over: the reference, and the one BLAS that this JVM loads. */
final class OpenBackends {
    /**
     * The BLAS of {@code asgo4j.backend} where that names one, so that a run of all tests can try MKL; else OpenBLAS.
     */
    static final BackendName BLAS = blas();

    private OpenBackends() {}

    private static BackendName blas() {
        BackendName named = BackendName.parse(System.getProperty("asgo4j.backend", "openblas"));
        return named == BackendName.REFERENCE ? BackendName.OPENBLAS : named;
    }

    /** The backends by name: sources for parameterized tests. */
    static Stream<BackendName> names() {
        return Stream.of(BackendName.REFERENCE, BLAS);
    }

    /** Every backend with every element type. */
    static Stream<Arguments> namesAndTypes() {
        return names().flatMap(name -> Stream.of(ElementType.values()).map(type -> Arguments.of(name, type)));
    }
}
