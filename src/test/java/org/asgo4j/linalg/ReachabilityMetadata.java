// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What GraalVM's native-image has to be told of this library, read off the sources: it makes the code of a native call
 * when the image is built, so every function descriptor, of the bindings and of hand-written calls, has to be listed,
 * and so has every resource. In the format of its reachability-metadata schema, versions 1.1 and 1.2 (GraalVM 25).
 */
final class ReachabilityMetadata {
    /** The checked-in file; tests run in the folder with the pom. */
    static final Path FILE =
            Path.of("src/main/resources/META-INF/native-image/org.asgo4j/asgo4j/reachability-metadata.json");

    static final Path SYMBOLS = Path.of("jextract");
    private static final List<Path> SOURCES = List.of(Path.of("jextract/generated"), Path.of("src/main/java"));

    /** A descriptor as jextract and we write it: constants only, no layout made in place. */
    private static final Pattern DESCRIPTOR = Pattern.compile("FunctionDescriptor\\s*\\.\\s*of(Void)?\\(([^()]*)\\)");

    private static final Pattern ANY_DESCRIPTOR = Pattern.compile("FunctionDescriptor\\s*\\.\\s*of|upcallStub\\(");

    /** The C type of each constant: the name that {@code Linker.canonicalLayouts()} has for it. */
    private static final Map<String, String> C_TYPES = Map.ofEntries(
            Map.entry("C_BOOL", "bool"), Map.entry("C_CHAR", "char"), Map.entry("C_SHORT", "short"),
            Map.entry("C_INT", "int"), Map.entry("C_LONG", "long"), Map.entry("C_LONG_LONG", "long long"),
            Map.entry("C_FLOAT", "float"), Map.entry("C_DOUBLE", "double"), Map.entry("C_POINTER", "void*"),
            Map.entry("C_STRING", "void*"), Map.entry("ADDRESS", "void*"), Map.entry("JAVA_INT", "int"),
            Map.entry("JAVA_LONG", "long long"), Map.entry("JAVA_FLOAT", "float"), Map.entry("JAVA_DOUBLE", "double"),
            Map.entry("JAVA_BYTE", "char"), Map.entry("JAVA_SHORT", "short"));

    private ReachabilityMetadata() {}

    /** The content that the file should have. */
    static String text() {
        return """
                {
                  "comment": "Written by ReachabilityTest of the sources' descriptors; see there. Not to be edited.",
                  "resources": [
                %s
                  ],
                  "foreign": {
                    "downcalls": [
                %s
                    ]
                  }
                }
                """.formatted(lines(resources()), lines(downcalls()));
    }

    private static String lines(SortedSet<String> entries) {
        return String.join(",\n", entries);
    }

    /**
     * The embedded OpenBLAS of every platform, of which those that are not on the class path are not missed, and the
     * GPU's kernels.
     */
    private static SortedSet<String> resources() {
        SortedSet<String> entries = Platform.SUPPORTED.stream()
                .flatMap(platform -> platform.embedded().stream().map(platform::resource))
                .map(resource -> resource(NativeLibraries.class, resource))
                .collect(Collectors.toCollection(TreeSet::new));
        entries.add(resource(CudaModule.class, "org/asgo4j/linalg/kernels.ptx"));
        return entries;
    }

    private static String resource(Class<?> reader, String name) {
        return "    {\"condition\": {\"typeReached\": \"%s\"}, \"glob\": \"%s\"}".formatted(reader.getName(), name);
    }

    private static SortedSet<String> downcalls() {
        SortedSet<String> entries = new TreeSet<>();
        for (Path file : files(SOURCES, ".java")) {
            String code = text(file);
            Matcher descriptor = DESCRIPTOR.matcher(code);
            long understood = 0;
            for (; descriptor.find(); understood++) {
                String[] layouts = descriptor.group(2).isBlank() ? new String[0] : descriptor.group(2).split(",");
                List<String> types = Stream.of(layouts).map(layout -> cType(layout, file)).toList();
                boolean isVoid = descriptor.group(1) != null;
                entries.add(downcall(isVoid ? "void" : types.getFirst(),
                        isVoid ? types : types.subList(1, types.size())));
            }
            if (understood != ANY_DESCRIPTOR.matcher(code).results().count()) {
                throw new AssertionError(file + " has a descriptor or an upcall that ReachabilityMetadata can't read");
            }
        }
        return entries;
    }

    /** One entry of the file. */
    static String downcall(String returnType, List<String> parameterTypes) {
        return "      {\"returnType\": \"%s\", \"parameterTypes\": [%s]}".formatted(returnType,
                parameterTypes.stream().map(type -> '"' + type + '"').collect(Collectors.joining(", ")));
    }

    private static String cType(String layout, Path file) {
        String constant = layout.strip().substring(layout.strip().lastIndexOf('.') + 1);
        String type = C_TYPES.get(constant);
        if (type == null) {
            throw new AssertionError(file + ": no C type is known for the layout " + layout.strip());
        }
        return type;
    }

    /** The files of this ending in folders and below, sorted. */
    static List<Path> files(List<Path> folders, String ending) {
        return folders.stream().flatMap(folder -> {
            try (Stream<Path> found = Files.walk(folder)) {
                return found.filter(file -> file.toString().endsWith(ending)).sorted().toList().stream();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }).toList();
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
