// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a function as the archive that {@code torch.jit.save} writes of a module without parameters: DJL's arrays have
 * no eigendecomposition, and a script can call everything that libtorch has.
 */
public final class TorchScript {
    /** The archive format's, as {@code torch.jit.save} of PyTorch 1.6 to 2 writes it. */
    private static final String VERSION = "3\n";

    /** Pickle, protocol 2: the class and an object of it whose state is {"training": False}. */
    private static final String OBJECT = "\u0080\u0002c__torch__\nFunction\n)\u0081}X\b\0\0\0training\u0089sb.";

    /** Pickle, protocol 2: an empty tuple. */
    private static final String NO_CONSTANTS = "\u0080\u0002).";

    private static final String MODULE = """
            class Function(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
              def forward(self: __torch__.Function, %s) -> %s:
            """;

    private TorchScript() {}

    /**
     * The archive of a function.
     *
     * @param parameters in the script's syntax, as in {@code a: Tensor}
     * @param result its type
     * @param body its lines; of expressions only what {@code torch.jit.save} writes: functions, no operators
     */
    public static byte[] archive(String parameters, String result, String body) {
        String code = MODULE.formatted(parameters, result) + body.indent("    ".length());
        var bytes = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(bytes)) {
            add(zip, "version", VERSION.getBytes(StandardCharsets.ISO_8859_1));
            add(zip, "data.pkl", OBJECT.getBytes(StandardCharsets.ISO_8859_1));
            add(zip, "constants.pkl", NO_CONSTANTS.getBytes(StandardCharsets.ISO_8859_1));
            add(zip, "code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Not compressed: libtorch maps it. */
    private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
        var entry = new ZipEntry("function/" + name);
        var crc = new CRC32();
        crc.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
