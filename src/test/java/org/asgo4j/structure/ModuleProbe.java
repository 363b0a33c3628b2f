// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;

/** Uses the library as a program on the class path does; {@link ModuleTest} starts it in a JVM of its own. */
final class ModuleProbe {
    private ModuleProbe() {}

    public static void main(String[] arguments) {
        try (Backend backend = Backends.open()) {
            System.out.println(Backend.class.getModule() + ": " + backend.describe());
        }
    }
}
