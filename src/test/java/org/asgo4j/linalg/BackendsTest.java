// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.asgo4j.kernel.Kernels;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is asked for is opened, and says what it is. */
class BackendsTest {
    private static final String PROPERTY = "asgo4j.backend";

    private final String before = System.getProperty(PROPERTY);

    @AfterEach
    void restore() {
        if (before == null) System.clearProperty(PROPERTY);
        else System.setProperty(PROPERTY, before);
    }

    @Test
    void propertyNamesTheDefault() {
        System.setProperty(PROPERTY, "Reference");
        try (Backend backend = Backends.open()) {
            assertEquals(BackendName.REFERENCE, backend.name());
        }
        System.setProperty(PROPERTY, OpenBackends.BLAS.property());
        try (Backend backend = Backends.open()) {
            assertEquals(OpenBackends.BLAS, backend.name());
        }
        System.setProperty(PROPERTY, "fastest");
        assertMessage(assertThrows(IllegalArgumentException.class, Backends::open),
                "fastest", "openblas", "mkl", "reference");
    }

    @Test
    void blasThreadsAreFixedForThisJvm() {
        try (Backend first = Backends.open(OpenBackends.BLAS); Backend second = Backends.open(OpenBackends.BLAS, 1)) {
            assertEquals(first.describe(), second.describe());
            assertMessage(assertThrows(IllegalStateException.class, () -> Backends.open(OpenBackends.BLAS, 2)),
                    OpenBackends.BLAS.toString(), "1 BLAS thread", "asked for 2");
        }
        for (BackendName name : BackendName.values()) {
            assertMessage(assertThrows(IllegalArgumentException.class, () -> Backends.open(name, 0)),
                    "blasThreads", "got 0");
        }
    }

    @Test
    void descriptionNamesWhatRuns() {
        try (Backend reference = Backends.open(BackendName.REFERENCE);
                Backend blas = Backends.open(OpenBackends.BLAS)) {
            assertContains(reference.describe(), "REFERENCE", "pure Java", Kernels.best().description());
            LoadedLibrary loaded = NativeLibraries.load(OpenBackends.BLAS, System.getProperty("asgo4j.library"), null);
            assertContains(blas.describe(), OpenBackends.BLAS.toString(), loaded.library().toString(), "1 BLAS thread",
                    Kernels.best().description());
            if (OpenBackends.BLAS == BackendName.OPENBLAS) assertContains(blas.describe(), "OpenBLAS ", "core type");
            assertEquals(1, blas.describe().lines().count());
        }
    }

    private static void assertMessage(Exception e, String... parts) {
        assertContains(e.getMessage(), parts);
    }

    private static void assertContains(String text, String... parts) {
        for (String part : parts) assertTrue(text.contains(part), () -> "'" + text + "' lacks '" + part + "'");
    }
}
