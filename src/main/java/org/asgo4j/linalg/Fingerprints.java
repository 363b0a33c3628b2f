// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.CRC32;

/** Tells contents apart: files by their SHA-256, sets of resources by what the jar's index says of them. */
final class Fingerprints {
    /** Large enough that system calls do not count, small enough for the second-level cache. */
    static final int BUFFER_BYTES = 1 << 16;

    /** Enough of a SHA-256 to tell the versions of one jar apart, short enough for a directory's name. */
    private static final int FINGERPRINT_BYTES = 8;

    private Fingerprints() {}

    /** The SHA-256 of this file, in hexadecimal; empty if there is no such regular file. */
    static String sha256(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return "";
        }
        MessageDigest digest = digest();
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** A name for this set of resources that changes when any of them does. */
    static String of(Map<String, URL> resources) throws IOException {
        MessageDigest digest = digest();
        for (Map.Entry<String, URL> resource : resources.entrySet()) {
            String line = resource.getKey() + " " + sizeAndCrc(resource.getValue()) + "\n";
            digest.update(line.getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(digest.digest(), 0, FINGERPRINT_BYTES);
    }

    private static String sizeAndCrc(URL resource) throws IOException {
        URLConnection connection = uncached(resource);
        if (connection instanceof JarURLConnection inJar) {
            try (JarFile jar = inJar.getJarFile()) {
                JarEntry entry = jar.getJarEntry(inJar.getEntryName());
                return entry.getSize() + " " + entry.getCrc();
            }
        }
        CRC32 crc = new CRC32();
        long size = 0;
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = connection.getInputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                crc.update(buffer, 0, n);
                size += n;
            }
        }
        return size + " " + crc.getValue();
    }

    /** The content of this resource. */
    static InputStream open(URL resource) throws IOException {
        return uncached(resource).getInputStream();
    }

    /** A connection that leaves no jar open behind it. */
    private static URLConnection uncached(URL resource) throws IOException {
        URLConnection connection = resource.openConnection();
        connection.setUseCaches(false);
        return connection;
    }

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
