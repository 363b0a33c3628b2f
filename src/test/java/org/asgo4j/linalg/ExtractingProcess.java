// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Extracts one resource when a file appears: arguments are the cache's root, the resource's URL, the file. */
final class ExtractingProcess {
    private ExtractingProcess() {}

    public static void main(String[] arguments) throws Exception {
        NativeCache cache = new NativeCache(Path.of(arguments[0]), Ownership.posix());
        URL resource = URI.create(arguments[1]).toURL();
        Path start = Path.of(arguments[2]);
        System.out.println("ready");
        while (!Files.exists(start)) {
            Thread.onSpinWait();
        }
        Path file = cache.extract("test", Map.of("lib.so", resource)).getFirst();
        System.out.println(Fingerprints.sha256(file));
    }
}
