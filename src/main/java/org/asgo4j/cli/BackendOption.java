// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import picocli.CommandLine.Option;

/** The option that says what does the arithmetic. */
final class BackendOption {
    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description = "openblas, mkl, cuda or reference (pure Java, slow); default: openblas, or what "
                    + "-Dasgo4j.backend in ASGO4J_OPTS says; a training that is resumed keeps its own")
    private String name;

    /** Opens the backend that was asked for, with one BLAS thread per call. */
    Backend open() {
        return name == null ? Backends.open() : Backends.open(BackendName.parse(name));
    }

    /** The same, but {@code otherwise} if none was asked for. */
    Backend open(BackendName otherwise) {
        return Backends.open(name == null ? otherwise : BackendName.parse(name));
    }
}
