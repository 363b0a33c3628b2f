// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Says that somebody trains in a folder, by a lock on a hidden file there. The system takes the lock back when the
 * process ends, however it ends; a file that a killed process left locks nothing.
 */
final class FolderLock implements AutoCloseable {
    /** Hidden, so that it is no text to train on. */
    static final String NAME = ".asgo4j.lock";

    private static final System.Logger LOG = System.getLogger(FolderLock.class.getName());

    /** How often the holder before may remove the file just when it is to be locked. */
    private static final int ATTEMPTS = 100;

    /** Folders locked here: closing a second channel on a file would give up this process's lock on it. */
    private static final Set<Path> HERE = ConcurrentHashMap.newKeySet();

    private final Path folder;
    private final Path file;
    private final FileChannel channel;

    private FolderLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.file = folder.resolve(NAME);
        this.channel = channel;
    }

    /**
     * Locks a folder, which is there. Where the file system has no locks, that is a warning.
     *
     * @throws IllegalArgumentException if another training goes on there
     */
    static FolderLock take(Path folder) throws IOException {
        Path real = folder.toRealPath();
        if (!HERE.add(real)) throw refusal(folder);
        try {
            return new FolderLock(real, locked(folder, real.resolve(NAME)));
        } catch (Throwable thrown) {
            HERE.remove(real);
            throw thrown;
        }
    }

    private static IllegalArgumentException refusal(Path folder) {
        return new IllegalArgumentException(
                "another process trains in %s: wait until it ends, or name another folder".formatted(folder));
    }

    private static FileChannel locked(Path folder, Path file) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            make(file);
            try {
                Object before = key(file);
                FileChannel channel = open(folder, file);
                if (isStill(file, before)) return channel;
                channel.close(); // a lock on a file that its holder has removed is none
            } catch (NoSuchFileException removed) {
                // by its holder, since it was made
            }
        }
        throw refusal(folder);
    }

    private static boolean isStill(Path file, Object before) throws IOException {
        try {
            return Objects.equals(before, key(file));
        } catch (NoSuchFileException removed) {
            return false;
        }
    }

    private static void make(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException there) {
            // is as good
        }
    }

    /** What tells a file from another of its name; null on systems without such a thing. */
    private static Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    private static FileChannel open(Path folder, Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        boolean free;
        try {
            free = channel.tryLock() != null;
        } catch (OverlappingFileLockException inThisProcess) {
            free = false; // by classes of another loader
        } catch (IOException noLocks) {
            free = true;
            LOG.log(Level.WARNING, "{0} can''t be locked ({1}): nothing keeps another process from training there too",
                    folder, noLocks);
        }
        if (free) return channel;
        channel.close();
        throw refusal(folder);
    }

    /** Removes the file while it is still locked: whoever has opened it by then finds it gone. */
    @Override
    public void close() {
        try (channel) {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "{0} stays, and locks nothing: {1}", file, e);
        } finally {
            HERE.remove(folder);
        }
    }
}
