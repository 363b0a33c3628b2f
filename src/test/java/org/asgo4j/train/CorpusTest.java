// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A corpus is the same text from a file, a directory or an archive, and bad sources say in one line what is wrong. */
class CorpusTest {
    /** In an order that is not sorted; the text is that of the sorted names. */
    private static final Map<String, String> FILES = new LinkedHashMap<>();

    static {
        FILES.put("b/z.txt", "last");
        FILES.put("a.txt", "first, é€😀\r\n");
        FILES.put("b/binary.dat", "no\0text");
        FILES.put("b.txt", "second, no line break");
        FILES.put(".git/config", "hidden");
        FILES.put("b/empty.txt", "");
    }

    private static final String TEXT = "first, é€😀\r\nsecond, no line break\nlast";

    @TempDir
    Path directory;

    @Test
    void fileIsTakenAsItIs() throws IOException {
        Path file = Files.writeString(directory.resolve("f"), TEXT);
        assertEquals(TEXT, Corpus.read(file).text());
        assertEquals(file + " (" + TEXT.codePointCount(0, TEXT.length()) + " characters in 1 text file)",
                Corpus.read(file).description());
    }

    @Test
    void directoryAndArchiveGiveTheSameTextInNameOrder() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        for (Map.Entry<String, String> entry : FILES.entrySet()) {
            Path file = tree.resolve(entry.getKey());
            Files.createDirectories(file.getParent());
            Files.writeString(file, entry.getValue());
        }
        Files.write(tree.resolve("latin1.txt"), "é".getBytes(StandardCharsets.ISO_8859_1));
        Corpus read = Corpus.read(tree);
        assertEquals(TEXT, read.text());
        assertTrue(read.description().endsWith("4 text files, 2 skipped)"), read.description());

        Map<String, String> entries = new LinkedHashMap<>(FILES);
        entries.put("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n");
        assertEquals(TEXT, Corpus.read(zip("sources.jar", entries)).text());
    }

    /** Many programs have a file of that name; none of these is a training's. */
    @ParameterizedTest
    @ValueSource(strings = {"{\"format\": \"another\"}", "{\"a\": [{}]}", "{}", "no JSON", ""})
    void aFolderWithAConfigurationIsText(String json) throws IOException {
        Path model = Files.createDirectories(directory.resolve("tree/model"));
        Files.writeString(model.resolve("config.json"), json);
        Files.writeString(model.resolve("text"), "text");
        assertEquals((json + "\ntext").strip(), Corpus.read(directory.resolve("tree")).text());
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need a privilege there")
    void aLinkToADirectoryIsThatDirectory() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("a.txt"), TEXT);
        Path link = Files.createSymbolicLink(directory.resolve("link"), tree);
        assertEquals(Corpus.read(tree).text(), Corpus.read(link).text());
    }

    /** Where it is no separator, names with one are as good as others. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a backslash separates names there")
    void aBackslashInANameIsNoSeparator() throws IOException {
        Path tree = Files.createDirectories(directory.resolve("tree/b")).getParent();
        Files.writeString(tree.resolve("b/c.txt"), "one");
        Files.writeString(tree.resolve("b\\c.txt"), "other");
        assertEquals("one\nother", Corpus.read(tree).text());
    }

    /** Bytes that are no characters in any locale: both names read alike, and only one would be opened by its name. */
    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "names are characters elsewhere")
    void filesWhoseNamesReadAlikeAreAllRead() throws Exception {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        String write = "printf last >\"$(printf '\\377')\" && printf first >\"$(printf '\\376')\" && printf a >a";
        assertEquals(0, new ProcessBuilder("sh", "-c", write).directory(tree.toFile()).start().waitFor());
        assertEquals("a\nfirst\nlast", Corpus.read(tree).text());
    }

    /** UTF-16, in which Java compares, has 😀 before ！. */
    @Test
    void theOrderIsThatOfCodePointsInDirectoryAndArchive() throws IOException {
        Map<String, String> files = Map.of("😀", "last", "！", "second", "z", "first");
        String encoding = System.getProperty("sun.jnu.encoding");
        assumeTrue(Charset.forName(encoding).newEncoder().canEncode("😀！"), "names are in " + encoding);
        Path tree = Files.createDirectory(directory.resolve("tree"));
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(tree.resolve(file.getKey()), file.getValue());
        }
        assertEquals("first\nsecond\nlast", Corpus.read(tree).text());
        assertEquals("first\nsecond\nlast", Corpus.read(zip("names.zip", files)).text());
    }

    @Test
    void aFolderThatCantBeListedToItsEndIsSkipped() {
        var text = new CorpusText(directory, 100);
        var walk = new CorpusDirectory.Walk(directory, text);
        assertEquals(FileVisitResult.CONTINUE, walk.postVisitDirectory(directory, new IOException("stale handle")));
        assertEquals(FileVisitResult.CONTINUE, walk.postVisitDirectory(directory, null));
        assertThrows(CorpusException.class, text::corpus);
    }

    @Test
    void archiveThatDecompressesWithoutEndIsStopped() throws IOException {
        Path bomb = zip("bomb.zip", Map.of("spaces", " ".repeat(1 << 20), "a", "a".repeat(1000)));
        assertTrue(Files.size(bomb) < 10_000, "it is small");
        refused("more than the allowed 1000000 bytes", () -> Corpus.read(bomb, 1_000_000));
        assertEquals(1000 + 1 + (1 << 20), Corpus.read(bomb, 1000 + (1 << 20)).text().length());
    }

    /** A film beside the text, or a text of another encoding, is as if it were not there. */
    @Test
    void onlyTextCountsTowardTheLimit() throws IOException {
        String binary = "x".repeat(1000) + "\0" + "x".repeat(1 << 20);
        Path archive = zip("film.zip", Map.of("film", binary, "text", TEXT));
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("film"), binary);
        Files.write(tree.resolve("latin1.txt"), "é".repeat(1000).getBytes(StandardCharsets.ISO_8859_1));
        Files.writeString(tree.resolve("text"), TEXT);
        int bytes = TEXT.getBytes(StandardCharsets.UTF_8).length;
        for (Path source : List.of(archive, tree)) assertEquals(TEXT, Corpus.read(source, bytes).text());
        refused("more than the allowed " + (bytes - 1) + " bytes", () -> Corpus.read(tree, bytes - 1));
    }

    /** Many small entries are a bomb too. */
    @Test
    void theLimitIsOfAllFilesTogether() throws IOException {
        Map<String, String> entries = Map.of("a.txt", "123\n", "b.txt", "456\n", "c.txt", "789\n");
        Path archive = zip("parts.zip", entries);
        assertEquals("123\n456\n789\n", Corpus.read(archive, 12).text());
        refused("more than the allowed 11 bytes", () -> Corpus.read(archive, 11));
    }

    @Test
    void anEmptyFileAddsNoLineBreak() throws IOException {
        assertEquals("text", Corpus.read(zip("empty.zip", Map.of("a.txt", "text", "b.txt", ""))).text());
    }

    /** Below a directory it would be left out. */
    @Test
    void aTrainingsFolderIsReadWhereItIsTheOneNamed() throws IOException {
        Path run = Files.createDirectory(directory.resolve("run"));
        String config = "{\"format\":\"asgo4j-run-1\"}";
        Files.writeString(run.resolve("config.json"), config);
        Files.writeString(run.resolve("sample.txt"), "text");
        assertEquals(config + "\ntext", Corpus.read(run).text());
        refused("1 skipped) has no text", () -> Corpus.read(directory));
    }

    @Test
    void namesInAnArchiveAreThoseThatAFolderWouldHave() throws IOException {
        Map<String, String> entries = Map.of(
                "./b.txt", "last", "a//./a.txt", "first", "./.git", "hidden", "./META-INF/x", "packaging");
        assertEquals("first\nlast", Corpus.read(zip("dots.zip", entries)).text());
    }

    @Test
    void twoEntriesOfOneNameAreRefused() throws IOException {
        refused("two entries named 'a.txt'", () -> Corpus.read(zip("dots.zip", Map.of("a.txt", "1", "./a.txt", "2"))));
        refused("two entries named 'a/b'", () -> Corpus.read(zip("slashes.zip", Map.of("a/b", "1", "a//b", "2"))));
        Path twice = zip("twice.zip", Map.of("a.txt", "1", "b.txt", "2"));
        String bytes = Files.readString(twice, StandardCharsets.ISO_8859_1);
        Files.writeString(twice, bytes.replace("b.txt", "a.txt"), StandardCharsets.ISO_8859_1);
        refused("two entries named 'a.txt'", () -> Corpus.read(twice));
    }

    @Test
    void badSourcesAreNamedInOneLine() throws IOException {
        refused("doesn't exist", () -> Corpus.read(directory.resolve("missing")));
        refused("has no text", () -> Corpus.read(Files.createDirectory(directory.resolve("empty"))));
        refused("has no text", () -> Corpus.read(Files.writeString(directory.resolve("empty.txt"), "")));
        refused("not UTF-8 text", () -> Corpus.read(Files.write(directory.resolve("bad"), new byte[] {(byte) 0xff})));
        refused("not UTF-8 text", () -> Corpus.read(Files.write(directory.resolve("nul"), new byte[] {'a', 0})));
        Path cut = Files.write(directory.resolve("cut"), new byte[] {'P', 'K', 3, 4, 0});
        refused("can't be read", () -> Corpus.read(cut));
        refused("has no text", () -> Corpus.read(zip("packaging.jar", Map.of("META-INF/LICENSE", "text"))));
        Path four = Files.writeString(directory.resolve("four"), "abcd");
        refused("more than the allowed 3 bytes", () -> Corpus.read(four, 3));
    }

    @Test
    void splitHoldsOutTheLastTenthAndEnforcesTheContext() {
        String text = "abcdefghij".repeat(10) + "é";
        TokenSplit split = TokenSplit.of(new Corpus(text, "test"), 10);
        assertEquals(90, split.training().length);
        assertEquals(11, split.validation().length);
        assertEquals(11, split.tokenizer().size());
        refused("90 and 11 characters, context 11 needs 12", () -> TokenSplit.of(new Corpus(text, "test"), 11));
        refused("repeats one character", () -> TokenSplit.of(new Corpus("a".repeat(1000), "test"), 10));
        assertFalse(new Corpus("a", "").text().isEmpty());
    }

    private static void refused(String both, Executable call) {
        String message = assertThrows(CorpusException.class, call).getMessage();
        assertTrue(message.contains(both) && message.lines().count() == 1, message);
    }

    private Path zip(String name, Map<String, String> entries) throws IOException {
        Path file = directory.resolve(name);
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey()));
                out.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }
        return file;
    }
}
