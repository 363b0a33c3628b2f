// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A file is not valid safetensors; the message names the file, the tensor where there is one, and both sides of the
 * disagreement.
 *
 * {@snippet file="FileExamplesTest.java" region="refused"}
 */
public final class SafetensorsException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The file, as text because a Path is not serializable. */
    private final String file;

    SafetensorsException(Path file, String problem) {
        this(file, problem, null);
    }

    SafetensorsException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
        this.file = Objects.requireNonNull(file, "file").toString();
    }

    /**
     * Returns the file that was refused.
     *
     * @return its path, as it was given
     */
    public String file() {
        return file;
    }
}
