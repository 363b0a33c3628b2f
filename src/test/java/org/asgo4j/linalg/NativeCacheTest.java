// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The cache gives each file its resource's content, whatever was on disk before and whoever else starts. */
class NativeCacheTest {
    private static final int LIBRARY_BYTES = 1_000_003;
    private static final FileTime LONG_AGO = FileTime.fromMillis(0);

    @TempDir
    Path temporary;

    private byte[] content;
    private Map<String, URL> resources;
    private Path root;

    @BeforeEach
    void makeJar() throws IOException {
        content = bytes(1);
        resources = jar("natives.jar", content);
        root = temporary.resolve("caches");
    }

    @Test
    void extractsInOrderIntoADirectoryForItsOwner() throws IOException {
        List<Path> files = cache().extract("test", resources);
        assertEquals(List.copyOf(resources.keySet()), files.stream().map(f -> f.getFileName().toString()).toList());
        assertArrayEquals(content, Files.readAllBytes(files.getLast()));
        if (System.getProperty("path.separator").equals(":")) {
            for (Path directory : List.of(files.getFirst().getParent(), root.resolve("asgo4j"))) {
                assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
            }
        }
        assertOnlyTheFiles(files);
    }

    @Test
    void anInterruptedThreadExtractsAndReusesThem() throws IOException {
        Thread.currentThread().interrupt();
        try {
            List<Path> files = cache().extract("test", resources);
            assertEquals(files, cache().extract("test", resources));
            assertArrayEquals(content, Files.readAllBytes(files.getLast()));
            assertTrue(Thread.currentThread().isInterrupted(), "the interrupt is its owner's");
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void reusesGoodFilesWithoutWriting() throws IOException {
        List<Path> files = cache().extract("test", resources);
        for (Path file : inDirectoryOf(files)) {
            Files.setLastModifiedTime(file, LONG_AGO);
        }
        assertEquals(files, cache().extract("test", resources));
        for (Path file : inDirectoryOf(files)) {
            assertEquals(LONG_AGO, Files.getLastModifiedTime(file), file::toString);
        }
    }

    @Test
    void keepsAGoodFileWhoseRecordIsLost() throws IOException {
        List<Path> files = cache().extract("test", resources);
        Files.setLastModifiedTime(files.getLast(), LONG_AGO);
        for (String damaged : List.of("", "no record at all", "\u00ff\u0000  liblast.so\n")) {
            Files.writeString(files.getLast().resolveSibling("SHA256SUMS"), damaged);
            cache().extract("test", resources);
            assertEquals(LONG_AGO, Files.getLastModifiedTime(files.getLast()), "after record: " + damaged);
        }
    }

    @Test
    void replacesATruncatedFile() throws IOException {
        Path library = cache().extract("test", resources).getLast();
        Files.write(library, Arrays.copyOf(content, LIBRARY_BYTES / 2));
        assertRestored(library);
    }

    @Test
    void replacesAnAlteredFileOfTheSameLength() throws IOException {
        Path library = cache().extract("test", resources).getLast();
        byte[] altered = content.clone();
        altered[LIBRARY_BYTES / 2] ^= 1;
        Files.write(library, altered);
        assertRestored(library);
    }

    @Test
    void replacesAMissingFileAndOneThatIsALink() throws IOException {
        Path library = cache().extract("test", resources).getLast();
        Files.delete(library);
        assertRestored(library);
        Path elsewhere = Files.write(temporary.resolve("elsewhere.so"), content);
        Files.delete(library);
        Files.createSymbolicLink(library, elsewhere);
        assertRestored(library);
        assertTrue(Files.isRegularFile(library, LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void anotherVersionGetsAnotherDirectory() throws IOException {
        Path before = cache().extract("test", resources).getLast();
        byte[] newer = bytes(2);
        Path after = cache().extract("test", jar("newer.jar", newer)).getLast();
        assertNotEquals(before, after);
        assertArrayEquals(content, Files.readAllBytes(before));
        assertArrayEquals(newer, Files.readAllBytes(after));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void refusesADirectoryOfSomebodyElse() throws IOException {
        Path directory = cache().extract("test", resources).getLast().getParent();
        Ownership system = Ownership.posix();
        Ownership.User mallory = new Ownership.User(system.self().id() + 1, "mallory");
        for (Path foreign : List.of(directory, directory.getParent())) {
            Ownership owners = owners(path -> path.equals(foreign) ? mallory : system.of(path), system.self());
            assertRefused(new NativeCache(root, owners), foreign.toString(), mallory.toString(),
                    system.self().toString());
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void refusesADirectoryThatOthersMayWrite() throws IOException {
        Path directory = cache().extract("test", resources).getLast().getParent();
        for (String mode : List.of("rwxrwx---", "rwx----w-")) {
            for (Path open : List.of(directory, directory.getParent())) {
                Files.setPosixFilePermissions(open, PosixFilePermissions.fromString(mode));
                assertRefused(cache(), open.toString(), mode);
                Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwx------"));
            }
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void refusesALinkInPlaceOfADirectory() throws IOException {
        Path shared = Files.createDirectories(root).resolve("asgo4j");
        Files.createSymbolicLink(shared, Files.createDirectory(temporary.resolve("elsewhere")));
        assertRefused(cache(), shared.toString(), "symbolic link");
    }

    @Test
    void saysWhichPathCannotBeWrittenAndWhy() throws IOException {
        Files.writeString(root, "a file where a directory should be");
        assertRefused(cache(), root.toString(), "asgo4j.cache");
        Files.delete(root);
        Path library = cache().extract("test", resources).getLast();
        Files.delete(library);
        Files.createDirectories(library.resolve("in the way"));
        assertRefused(cache(), library.toString(), "asgo4j.cache");
    }

    @Test
    void threadsMayExtractAtOnce() throws Exception {
        List<Callable<List<Path>>> tasks = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            tasks.add(() -> cache().extract("test", resources));
        }
        try (var pool = Executors.newFixedThreadPool(tasks.size())) {
            for (var done : pool.invokeAll(tasks)) {
                assertArrayEquals(content, Files.readAllBytes(done.get().getLast()));
                assertOnlyTheFiles(done.get());
            }
        }
    }

    @Test
    void processesMayExtractAtOnce() throws Exception {
        Path start = temporary.resolve("start");
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            processes.add(ChildJvm.start(ExtractingProcess.class, false, Map.of(), root.toString(),
                    resources.get("liblast.so").toString(), start.toString()));
        }
        List<BufferedReader> outputs = processes.stream().map(Process::inputReader).toList();
        for (BufferedReader output : outputs) {
            assertEquals("ready", output.readLine());
        }
        Files.createFile(start);
        Path original = Files.write(temporary.resolve("original"), content);
        for (int i = 0; i < processes.size(); i++) {
            assertEquals(Fingerprints.sha256(original), outputs.get(i).readLine());
            assertEquals(0, processes.get(i).waitFor());
        }
    }

    private NativeCache cache() {
        return new NativeCache(root, Ownership.posix());
    }

    private void assertRestored(Path library) throws IOException {
        assertEquals(library, cache().extract("test", resources).getLast());
        assertArrayEquals(content, Files.readAllBytes(library));
    }

    private void assertRefused(NativeCache cache, String... parts) {
        String message = assertThrows(IOException.class, () -> cache.extract("test", resources)).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "expected '" + part + "' in: " + message);
        }
    }

    private static void assertOnlyTheFiles(List<Path> files) throws IOException {
        Set<Path> expected = new HashSet<>(files);
        expected.add(files.getFirst().resolveSibling("SHA256SUMS"));
        assertEquals(expected, Set.copyOf(inDirectoryOf(files)));
    }

    private static List<Path> inDirectoryOf(List<Path> files) throws IOException {
        try (var entries = Files.list(files.getFirst().getParent())) {
            return entries.toList();
        }
    }

    private interface Owner {
        Ownership.User of(Path path) throws IOException;
    }

    private static Ownership owners(Owner owner, Ownership.User self) {
        return new Ownership() {
            @Override
            public User of(Path path) throws IOException {
                return owner.of(path);
            }

            @Override
            public User self() {
                return self;
            }
        };
    }

    private static byte[] bytes(long seed) {
        byte[] bytes = new byte[LIBRARY_BYTES];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Two files in a jar: a small one and {@code library}. */
    private Map<String, URL> jar(String name, byte[] library) throws IOException {
        Path jar = temporary.resolve(name);
        try (OutputStream out = Files.newOutputStream(jar); ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("natives/libfirst.so"));
            zip.write(new byte[] {1, 2, 3});
            zip.putNextEntry(new ZipEntry("natives/liblast.so"));
            zip.write(library);
        }
        Map<String, URL> urls = new LinkedHashMap<>();
        for (String file : List.of("libfirst.so", "liblast.so")) {
            urls.put(file, URI.create("jar:" + jar.toUri() + "!/natives/" + file).toURL());
        }
        return urls;
    }
}
