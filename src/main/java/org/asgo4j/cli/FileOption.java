// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** Checks files that options name before any work is done for them. */
final class FileOption {
    private FileOption() {}

    /** Refuses an empty path, as of a variable that is not set; null, which is none at all, is left to the caller. */
    static void checkNamed(String option, Path path, String expected) {
        if (path == null || !path.toString().isBlank()) return;
        throw new IllegalArgumentException("%s is empty: name %s".formatted(option, expected));
    }

    /** Refuses a file that can't be read. */
    static void checkReadable(String option, Path file) {
        require(Files.exists(file), option, file, "doesn't exist");
        require(Files.isRegularFile(file), option, file, "is not a file");
        require(Files.isReadable(file), option, file, "can't be read: permission denied");
    }

    /** Refuses a file that can't be made or replaced. */
    static void checkWritable(String option, Path file) {
        Path folder = file.toAbsolutePath().getParent();
        require(!Files.isDirectory(file), option, file, "is a folder");
        require(folder != null && Files.isDirectory(folder), option, file, "is in no folder that exists");
        require(Files.isWritable(folder), option, file, "can't be written: no permission to write in its folder");
    }

    private static void require(boolean condition, String option, Path file, String problem) {
        if (!condition) throw new IllegalArgumentException("%s: %s %s".formatted(option, file, problem));
    }
}
