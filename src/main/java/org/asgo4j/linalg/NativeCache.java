// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.IOException;
import java.net.URL;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Extracts native libraries from their jar into a directory of the user's, once, and checks them at every load.
 *
 * <p>The directory is {@code root/asgo4j/classifier-fingerprint}; the fingerprint comes from the names, sizes and CRCs
 * in the jar's index, so another version gets another directory and nothing has to be unpacked to find it. Each file's
 * SHA-256 is recorded beside it when it is unpacked and compared at each load: hashing 40 MB on disk took 0.12 s
 * where unpacking and hashing them in the jar as well took 0.37 s. The record defends against truncation and decay;
 * against other users the directory itself does, which only its owner may write.
 *
 * <p>Several JVMs may start at once without a lock: each writes its own temporary file and renames it, which is atomic.
 * A file that is found good is never replaced, and one that is replaced keeps its old content for those who mapped it.
 */
final class NativeCache {
    private static final String FOLDER = "asgo4j";
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> WRITABLE_BY_OTHERS =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
    private static final String REMEDY =
            "; remove it, or choose another cache directory with -Dasgo4j.cache=DIRECTORY";

    private final Path root;
    private final Ownership ownership;
    private final boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    /** A cache below {@code root}, which is made if it is missing. */
    NativeCache(Path root, Ownership ownership) {
        this.root = root.toAbsolutePath();
        this.ownership = ownership;
    }

    /**
     * Makes the files of these resources available on disk.
     *
     * @param classifier the platform, the readable part of the directory's name
     * @param resources where each file comes from, by file name
     * @return the files, in the order of the resources, each with the content of its resource
     * @throws IOException if the directory may not be trusted, or cannot be written; the message names the path and why
     */
    List<Path> extract(String classifier, Map<String, URL> resources) throws IOException {
        Path shared = root.resolve(FOLDER);
        Path directory = shared.resolve(classifier + "-" + Fingerprints.of(resources));
        try {
            Files.createDirectories(root);
        } catch (IOException e) {
            throw unwritable(root, e);
        }
        ownedDirectory(shared);
        ownedDirectory(directory);
        CacheRecord recorded = CacheRecord.read(directory);
        Map<String, String> checked = new HashMap<>();
        List<Path> files = new ArrayList<>();
        for (Map.Entry<String, URL> resource : resources.entrySet()) {
            String name = resource.getKey();
            checked.put(name, ensure(directory, name, resource.getValue(), recorded.hashOf(name)));
            files.add(directory.resolve(name));
        }
        try {
            recorded.replaceWith(checked);
        } catch (IOException e) {
            throw unwritable(directory, e);
        }
        return files;
    }

    /** Has the file there with its resource's content, and returns its hash. */
    private static String ensure(Path directory, String name, URL resource, String recorded) throws IOException {
        Path file = directory.resolve(name);
        if (!recorded.isEmpty() && recorded.equals(Fingerprints.sha256(file))) {
            return recorded;
        }
        try (TemporaryFile unpacked = TemporaryFile.in(directory, name)) {
            String expected = unpacked.fill(resource);
            if (!expected.equals(Fingerprints.sha256(file))) {
                unpacked.replace(file);
                String found = Fingerprints.sha256(file);
                if (!expected.equals(found)) {
                    throw new IOException("SHA-256 is '%s' after writing, expected %s".formatted(found, expected));
                }
            }
            return expected;
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    /** Makes the directory if it is missing, and refuses it if somebody else could have put files there. */
    private void ownedDirectory(Path directory) throws IOException {
        try {
            if (posix) {
                Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            } else {
                Files.createDirectory(directory);
            }
        } catch (FileAlreadyExistsException e) {
            // Ours from an earlier run, or a concurrent one; checked below like a new one.
        } catch (IOException e) {
            throw unwritable(directory, e);
        }
        Class<? extends BasicFileAttributes> view = posix ? PosixFileAttributes.class : BasicFileAttributes.class;
        BasicFileAttributes found = Files.readAttributes(directory, view, LinkOption.NOFOLLOW_LINKS);
        if (!found.isDirectory()) {
            throw new IOException("native library cache %s is a %s, expected a directory%s"
                    .formatted(directory, found.isSymbolicLink() ? "symbolic link" : "file", REMEDY));
        }
        if (found instanceof PosixFileAttributes attributes) {
            checkOwner(directory);
            checkMode(directory, attributes.permissions());
        }
    }

    private void checkOwner(Path directory) throws IOException {
        Ownership.User owner = ownership.of(directory);
        Ownership.User self = ownership.self();
        if (owner.id() != self.id()) {
            throw new IOException("native library cache %s is owned by %s, expected %s%s"
                    .formatted(directory, owner, self, REMEDY));
        }
    }

    private static void checkMode(Path directory, Set<PosixFilePermission> mode) throws IOException {
        if (mode.stream().anyMatch(WRITABLE_BY_OTHERS::contains)) {
            throw new IOException("native library cache %s has mode %s, expected no writing by group or others%s"
                    .formatted(directory, PosixFilePermissions.toString(mode), REMEDY));
        }
    }

    private static IOException unwritable(Path path, IOException cause) {
        return new IOException("cannot write the native library cache %s: %s; choose another directory with "
                .formatted(path, cause) + "-Dasgo4j.cache=DIRECTORY", cause);
    }
}
