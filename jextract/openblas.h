// SPDX-License-Identifier: Apache-2.0
/* What only OpenBLAS has: its thread count, version, configuration and the core type it chose. */
#include <cblas.h>
