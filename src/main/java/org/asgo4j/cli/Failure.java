// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.regex.Pattern;
import org.asgo4j.io.SafetensorsException;
import org.asgo4j.linalg.DeviceException;
import org.asgo4j.linalg.NativeCallException;
import org.asgo4j.train.CorpusException;
import picocli.CommandLine.ExitCode;

/**
 * What a command ended with instead of a result, in the caller's terms.
 *
 * @param status the process's exit status: 2 if the input was at fault, 1 if something failed on the way
 * @param message what to say
 */
record Failure(int status, String message) {
    /** The library's advice to choose a backend; the program has an option for it. */
    private static final Pattern BACKEND = Pattern.compile("-Dasgo4j\\.backend=(\\w+)");

    /** Other properties of the JVM, which the launcher reads from a variable. */
    private static final Pattern PROPERTY = Pattern.compile("(?<!ASGO4J_OPTS=)-Dasgo4j\\.");

    /** Judges what was thrown. The library throws {@link IllegalArgumentException} for values that it was given. */
    static Failure of(Throwable thrown) {
        return switch (thrown) {
            case UncheckedIOException e -> of(e.getCause());
            case ExceptionInInitializerError e when e.getCause() != null -> of(e.getCause());
            case IllegalArgumentException e -> input(e);
            case CorpusException e -> input(e);
            case SafetensorsException e -> input(e);
            case NoSuchFileException e -> software(e.getFile() + " doesn't exist");
            case AccessDeniedException e -> software(e.getFile() + ": permission denied");
            case FileAlreadyExistsException e -> software(e.getFile() + " exists already, and is not replaced");
            case DirectoryNotEmptyException e -> software(e.getFile() + " is a folder that is not empty");
            case NotDirectoryException e -> software(e.getFile() + " is not a folder");
            case FileSystemException e when e.getReason() == null ->
                software("%s can't be read or written (%s)".formatted(e.getFile(), e.getClass().getSimpleName()));
            case FileSystemException e -> software(e.getMessage());
            case IOException e when e.getMessage() != null ->
                software("a file can't be read or written: " + e.getMessage());
            case ArithmeticException e -> software(e.getMessage());
            case NativeCallException e -> software(e.getMessage());
            case DeviceException e -> software(e.getMessage());
            case UnsatisfiedLinkError e -> software(e.getMessage());
            case OutOfMemoryError e -> software("out of memory: " + e.getMessage());
            default -> software("unexpected %s (--stacktrace shows where)".formatted(thrown));
        };
    }

    /** One line, also if the message quotes input of several. */
    private static Failure input(Exception e) {
        return new Failure(ExitCode.USAGE, String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", " "));
    }

    /** A message of the library, which speaks of the JVM's properties, in terms of the program. */
    static String asOptions(String message) {
        String withBackend = BACKEND.matcher(message).replaceAll("--backend $1");
        return PROPERTY.matcher(withBackend).replaceAll("ASGO4J_OPTS=$0");
    }

    private static Failure software(String message) {
        return new Failure(ExitCode.SOFTWARE, asOptions(message));
    }
}
