// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.File;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import java.util.UUID;

/**
 * Replaces a file as a whole or not at all: temporary file in the same directory, forced to disk, renamed, directory
 * forced.
 */
final class AtomicFile {
    private static final System.Logger LOG = System.getLogger(AtomicFile.class.getName());

    private AtomicFile() {}

    /** Writes a file's contents, from the beginning at each call. */
    @FunctionalInterface
    interface Content {
        void writeTo(FileChannel channel) throws IOException;

        /** Throws if what was written must not take the file's place. */
        default void check() {}
    }

    /**
     * Writes {@code content} to {@code file}; on any failure the temporary file is removed and {@code file} is as
     * before.
     */
    static void write(Path file, Content content) throws IOException {
        Uninterrupted.call(() -> {
            // A link stays one: what it names is replaced.
            writeOnce(Files.isSymbolicLink(file) ? file.toRealPath() : file, content);
            return null;
        });
    }

    private static void writeOnce(Path file, Content content) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null || Files.isDirectory(file)) {
            throw new IOException(file + " is a directory; a file to write is needed");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException(file + " is a device or a pipe, which a new file would replace; a file is needed");
        }
        if (Files.notExists(directory)) {
            throw new NoSuchFileException(file.toString(), null, "its folder doesn't exist");
        }
        // Not Files.createTempFile: that gives mode 600, and the file keeps its mode when renamed. Without the file's
        // name, which may be as long as the system allows. The program looks for such names of killed processes.
        Path temporary = directory.resolve(".asgo4j-" + UUID.randomUUID() + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(temporary, WRITE, CREATE_NEW)) {
                keepMode(file, temporary); // before there is anything to read
                content.writeTo(channel);
                channel.force(true);
            }
            content.check();
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            throw named(file, e);
        } finally {
            Files.deleteIfExists(temporary);
        }
        force(directory);
    }

    /** A file that only its owner may read is replaced by one that only its owner may read. */
    private static void keepMode(Path file, Path temporary) throws IOException {
        boolean posix = Files.getFileStore(temporary).supportsFileAttributeView(PosixFileAttributeView.class);
        if (!posix || Files.notExists(file)) return;
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
        // A file system that has one mode for all files may refuse to have it set.
        if (!Files.getPosixFilePermissions(temporary).equals(mode)) Files.setPosixFilePermissions(temporary, mode);
    }

    /** The same failure with the name that was asked for; nobody knows the temporary one. */
    private static IOException named(Path file, FileSystemException e) {
        FileSystemException named = e instanceof AccessDeniedException
                ? new AccessDeniedException(file.toString(), null, e.getReason())
                : new FileSystemException(file.toString(), null, e.getReason());
        named.initCause(e);
        return named;
    }

    /**
     * Makes the rename durable. Windows can't open directories and orders renames itself. Elsewhere a directory may be
     * closed to reading, or its file system have no force: the file is there all the same, whole, so that is no failure
     * to write it.
     */
    static void force(Path directory) {
        if (File.separatorChar != '/') return;
        try (FileChannel channel = FileChannel.open(directory, READ)) {
            channel.force(true);
        } catch (ClosedByInterruptException e) {
            Thread.currentThread().interrupt(); // the file is there; whoever looks next hears of it
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} can''t be forced to disk ({1}): if the power fails now, the file just written "
                    + "there may be the one of before", directory, e);
        }
    }
}
