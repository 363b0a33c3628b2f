// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The backends a caller can ask for; what was asked for is opened or an error is thrown, never another one.
 *
 * {@snippet file="MatrixExamplesTest.java" region="backends"}
 */
public enum BackendName {
    /** Pure Java with double accumulation: slow, needs no native code, the definition the others are compared with. */
    REFERENCE,
    /** OpenBLAS: the one embedded in the natives jar, or a system library. */
    OPENBLAS,
    /** Intel oneMKL, through its single dynamic library {@code mkl_rt}; always a system library. */
    MKL,
    /** An NVIDIA GPU: cuBLAS, cuSOLVER and kernels of our own, on matrices in the GPU's memory. */
    CUDA;

    /**
     * The backend of this name, in any case, surrounding blanks ignored.
     *
     * @param text a name such as {@code openblas}
     * @return the backend
     * @throws IllegalArgumentException if no backend has this name; the message lists those that exist
     */
    public static BackendName parse(String text) {
        String wanted = text == null ? "" : text.strip().toUpperCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(name -> name.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("unknown backend '%s'; expected one of %s"
                        .formatted(text, Arrays.stream(values())
                                .map(BackendName::property)
                                .collect(Collectors.joining(", ")))));
    }

    /** The name as it is written in properties and messages: lower case. */
    String property() {
        return name().toLowerCase(Locale.ROOT);
    }
}
