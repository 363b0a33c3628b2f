// SPDX-License-Identifier: Apache-2.0
/* What asgo4j calls of BLAS and LAPACK: CBLAS and LAPACKE as OpenBLAS declares them. MKL exports the same functions (LP64). */
#include <cblas.h>
#include <lapacke.h>
