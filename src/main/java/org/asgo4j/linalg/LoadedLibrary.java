// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.nio.file.Path;
import java.util.List;

/**
 * Says what was loaded for a backend.
 *
 * @param name the backend asked for
 * @param files all files loaded, in load order
 * @param library the file that holds the BLAS itself, as a real path
 * @param embedded whether it came out of the natives jar
 */
record LoadedLibrary(BackendName name, List<Path> files, Path library, boolean embedded) {
    LoadedLibrary {
        files = List.copyOf(files);
    }
}
