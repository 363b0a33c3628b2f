// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.stream.Stream;

/** Lists the C functions that a library must have before the generated bindings may be touched. */
final class BlasSymbols {
    private static final List<String> CBLAS =
            List.of("cblas_sgemm", "cblas_dgemm", "cblas_ssyrk", "cblas_dsyrk", "cblas_ssymm", "cblas_dsymm",
                    "cblas_strmm", "cblas_dtrmm");

    /** The factorizations with the caller's workspace; a few distributions keep them in a separate library. */
    static final List<String> LAPACKE = List.of("LAPACKE_ssyevd_work", "LAPACKE_dsyevd_work", "LAPACKE_sgeqrf_work",
            "LAPACKE_dgeqrf_work", "LAPACKE_sorgqr_work", "LAPACKE_dorgqr_work", "LAPACKE_ssytrd_work",
            "LAPACKE_sorgtr_work", "LAPACKE_dpotrf_work", "LAPACKE_dtrtri_work");

    private static final List<String> OPENBLAS = List.of("openblas_get_config", "openblas_get_corename",
            "openblas_set_num_threads", "openblas_get_num_threads");

    // With capitals: mkl_set_num_threads in lower case is the Fortran entry, which takes a pointer.
    private static final List<String> MKL = List.of("MKL_Get_Version_String", "MKL_Set_Num_Threads");

    private BlasSymbols() {}

    /** What only this vendor's library has, so that a symbol can't be another library's of the same name. */
    static List<String> control(BackendName name) {
        return switch (name) {
            case OPENBLAS -> OPENBLAS;
            case MKL -> MKL;
            case REFERENCE, CUDA -> List.of();
        };
    }

    /** CBLAS and the vendor's own functions: what the library itself must have. */
    static List<String> own(BackendName name) {
        return Stream.concat(CBLAS.stream(), control(name).stream()).toList();
    }

    /** Those of {@code wanted} that are not to be found. */
    static List<String> missing(List<String> wanted, SymbolLookup symbols) {
        return wanted.stream().filter(symbol -> symbols.find(symbol).isEmpty()).toList();
    }
}
