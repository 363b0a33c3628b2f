// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.ByteArrayInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Is a new file that becomes another one in a single rename, or goes away when it is closed. */
final class TemporaryFile implements AutoCloseable {
    private static final String SUFFIX = ".tmp";

    private final Path path;

    private TemporaryFile(Path path) {
        this.path = path;
    }

    /** An empty file of our own, readable by nobody else, in the directory where it is to stay. */
    static TemporaryFile in(Path directory, String name) throws IOException {
        return new TemporaryFile(Files.createTempFile(directory, name + ".", SUFFIX));
    }

    /** Writes the resource's content through to the disk, and returns its SHA-256. */
    String fill(URL resource) throws IOException {
        try (InputStream in = Fingerprints.open(resource)) {
            return fill(in);
        }
    }

    /** Writes these bytes through to the disk. */
    void fill(byte[] content) throws IOException {
        fill(new ByteArrayInputStream(content));
    }

    private String fill(InputStream in) throws IOException {
        MessageDigest digest = Fingerprints.digest();
        byte[] buffer = new byte[Fingerprints.BUFFER_BYTES];
        try (var out = new FileOutputStream(path.toFile())) { // a channel would close in an interrupted thread
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
                out.write(buffer, 0, n);
            }
            out.getFD().sync();
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Puts this file in the place of {@code target}; whoever looks sees the old file or the new one, whole. */
    void replace(Path target) throws IOException {
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(path);
    }
}
