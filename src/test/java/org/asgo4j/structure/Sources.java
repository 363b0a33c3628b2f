// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds and reads the files of the source tree. */
final class Sources {
    /** The folder with the pom: tests run there. */
    static final Path ROOT = Path.of("").toAbsolutePath();

    /** Where the hand-written Java files of the library are. */
    static final Path MAIN = ROOT.resolve("src/main/java");

    /** What jextract wrote, and its checksums. */
    static final Path GENERATED = ROOT.resolve("jextract/generated");

    /** Text blocks, strings, characters and comments: whichever begins first hides the others. */
    private static final Pattern NOT_CODE = Pattern.compile(
            "\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\])*+\"|'(?:\\\\.|[^'\\\\])*+'|//[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);

    private Sources() {}

    /** All files under a folder, sorted; none if there is no such folder. */
    static List<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) return List.of();
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All Java files under a folder, sorted; none if there is no such folder. */
    static List<Path> java(Path folder) {
        return files(folder).stream().filter(file -> file.toString().endsWith(".java")).toList();
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SHA-256 of a text, without carriage returns that a checkout may have added. */
    static String sha256(String text) {
        try {
            byte[] bytes = text.replace("\r\n", "\n").getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** The text without comments and without what strings and characters hold. */
    static String code(String text) {
        return NOT_CODE.matcher(text).replaceAll(match -> match.group().startsWith("/") ? " " : "\"\"");
    }
}
