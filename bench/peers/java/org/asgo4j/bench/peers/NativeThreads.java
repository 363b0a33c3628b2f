// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench.peers;

import java.util.List;

/** The threads of native libraries that read them from the environment, once, when they are loaded. */
final class NativeThreads {
    private static final List<String> VARIABLES = List.of("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS");

    private NativeThreads() {}

    /** Checks that the environment says {@code threads}: a JVM can't change its own. */
    static void check(String library, int threads) {
        for (String variable : VARIABLES) {
            if (!Integer.toString(threads).equals(System.getenv(variable))) {
                throw new IllegalArgumentException("%s takes its threads from %s, which is %s; use -Dbench.threads=%d"
                        .formatted(library, variable, System.getenv(variable), threads));
            }
        }
    }
}
