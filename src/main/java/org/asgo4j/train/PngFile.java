// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Writes a picture as a whole or not at all: half a PNG would pass for the one of the run before. */
final class PngFile {
    private PngFile() {}

    /** Replaces {@code png}; on any failure it is as before, and nothing is left beside it. */
    static void write(Path png, BufferedImage image) throws IOException {
        WholeFile.write(png, encoded(image));
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
