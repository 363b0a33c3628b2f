// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.asgo4j.linalg.Backend;
import org.junit.jupiter.api.Test;

/** Reads the module's descriptor; {@link LaunchTest} runs it. */
class ModuleTest {
    private static final String NAME = "org.asgo4j";

    @Test
    void descriptorExportsTheLibraryAndRequiresNothingOutsideTheJdk() {
        ModuleDescriptor module = ModuleFinder.of(location(Backend.class)).find(NAME).orElseThrow().descriptor();
        assertEquals(Set.of("org.asgo4j.linalg", "org.asgo4j.io", "org.asgo4j.optim", "org.asgo4j.djl"),
                module.exports().stream().map(Exports::source).collect(Collectors.toSet()));
        assertEquals(Set.of("java.base", "jdk.jfr"), module.requires().stream()
                .filter(required -> !required.modifiers().contains(Requires.Modifier.STATIC))
                .map(Requires::name)
                .collect(Collectors.toSet()));
    }

    /** The folder or jar that a class was loaded from. */
    static Path location(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError("class files come from a file", e);
        }
    }
}
