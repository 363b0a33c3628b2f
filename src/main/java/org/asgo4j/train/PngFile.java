// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Writes a picture as a whole or not at all: half a PNG would pass for the one of the run before. */
final class PngFile {
    private PngFile() {}

    /** Replaces {@code png}; on any failure it is as before, and nothing is left beside it. */
    static void write(Path png, BufferedImage image) throws IOException {
        byte[] content = encoded(image);
        Path temporary = png.resolveSibling(".asgo4j-" + UUID.randomUUID() + ".tmp");
        try {
            Files.write(temporary, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            Files.move(temporary, png, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            throw named(png, e);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** The same failure with the name that was asked for; nobody knows the temporary one. */
    private static IOException named(Path png, FileSystemException e) {
        String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
        var named = new FileSystemException(png.toString(), null, reason);
        named.initCause(e);
        return named;
    }

    /** In memory: by itself ImageIO would put the picture into a file for a stream to read. */
    private static byte[] encoded(BufferedImage image) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            if (!ImageIO.write(image, "png", out)) {
                throw new IOException("this Java runtime has no PNG writer");
            }
        }
        return bytes.toByteArray();
    }
}
