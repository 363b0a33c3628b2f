// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the system refuses is a sentence, though the exception of many of these has a path for a message, or less. */
class FailureTest {
    private static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of(new NoSuchFileException("f"), "f doesn't exist"),
                Arguments.of(new AccessDeniedException("f"), "f: permission denied"),
                Arguments.of(new FileAlreadyExistsException("f"), "f exists already, and is not replaced"),
                Arguments.of(new DirectoryNotEmptyException("f"), "f is a folder that is not empty"),
                Arguments.of(new NotDirectoryException("f"), "f is not a folder"),
                Arguments.of(new FileSystemException("f"), "f can't be read or written (FileSystemException)"),
                Arguments.of(new FileSystemException("f", null, "Too many links"), "f: Too many links"),
                Arguments.of(new IOException("No space left on device"),
                        "a file can't be read or written: No space left on device"));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void theSystemsRefusalsAreSentences(IOException refusal, String message) {
        assertEquals(new Failure(1, message), Failure.of(refusal));
        assertEquals(new Failure(1, message), Failure.of(new UncheckedIOException(refusal)));
    }
}
