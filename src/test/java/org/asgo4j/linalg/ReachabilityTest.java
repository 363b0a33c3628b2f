// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.asgo4j.bindings.blas.Blas;
import org.asgo4j.bindings.blas.OpenBlas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks that native-image is told of every native call and of every embedded library.
 * {@code mvn test -Dtest=ReachabilityTest -Dasgo4j.reachability=write} writes the file anew.
 */
class ReachabilityTest {
    private static final String SUFFIX = "$descriptor";
    private static final Pattern FUNCTION = Pattern.compile("--include-function (\\w+)");

    @Test
    void theFileIsWhatTheSourcesAskFor() throws IOException {
        String wanted = ReachabilityMetadata.text();
        if ("write".equals(System.getProperty("asgo4j.reachability"))) {
            Files.createDirectories(ReachabilityMetadata.FILE.getParent());
            Files.writeString(ReachabilityMetadata.FILE, wanted);
        }
        assertEquals(wanted, ReachabilityMetadata.text(ReachabilityMetadata.FILE).replace("\r\n", "\n"),
                "native calls have changed: write the file anew with -Dasgo4j.reachability=write");
    }

    /** The layouts themselves, not the text they were read off: what the linker will be asked for. */
    @ParameterizedTest
    @ValueSource(classes = {Blas.class, OpenBlas.class})
    void everyDescriptorThatIsLinkedIsListed(Class<?> bindings) throws ReflectiveOperationException {
        Backends.open(BackendName.OPENBLAS).close(); // a class of bindings needs its library
        String file = ReachabilityMetadata.text(ReachabilityMetadata.FILE);
        int found = 0;
        for (Method method : bindings.getMethods()) {
            if (!method.getName().endsWith(SUFFIX)) continue;
            String entry = entry((FunctionDescriptor) method.invoke(null));
            assertTrue(file.contains(entry), () -> method.getName() + " is not listed: " + entry);
            found++;
        }
        assertTrue(found > 0, "no descriptors in " + bindings);
    }

    @Test
    void everySymbolIsInTheBindingsThatWereRead() {
        List<Path> lists = ReachabilityMetadata.files(List.of(ReachabilityMetadata.SYMBOLS), ".symbols");
        assertFalse(lists.isEmpty(), "no symbol lists");
        String bindings = ReachabilityMetadata.files(List.of(ReachabilityMetadata.SYMBOLS), ".java").stream()
                .map(ReachabilityMetadata::text)
                .reduce("", String::concat);
        for (Path list : lists) {
            FUNCTION.matcher(ReachabilityMetadata.text(list)).results().map(match -> match.group(1)).forEach(
                    name -> assertTrue(bindings.contains("FunctionDescriptor " + name + "$descriptor()"),
                            () -> list + ": no bindings of " + name));
        }
    }

    @Test
    void theFileIsOnTheClassPath() {
        assertNotNull(Matrix.class.getResource("/META-INF/native-image/org.asgo4j/asgo4j/" + ReachabilityMetadata.FILE
                .getFileName()), "native-image looks for it there");
    }

    private static String entry(FunctionDescriptor descriptor) {
        return ReachabilityMetadata.downcall(descriptor.returnLayout().map(ReachabilityTest::cType).orElse("void"),
                descriptor.argumentLayouts().stream().map(ReachabilityTest::cType).toList());
    }

    /** The shortest of the names that the linker has for a layout: {@code int}, not {@code int32_t}. */
    private static String cType(MemoryLayout layout) {
        if (layout instanceof AddressLayout) return "void*";
        MemoryLayout plain = layout.withoutName();
        if (plain.equals(ValueLayout.JAVA_INT)) return "int"; // not wchar_t
        return Linker.nativeLinker().canonicalLayouts().entrySet().stream()
                .filter(canonical -> canonical.getValue().equals(plain))
                .map(Map.Entry::getKey)
                .filter(name -> List.of("char", "float", "double", "long", "short", "bool").contains(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no C type for " + layout));
    }
}
