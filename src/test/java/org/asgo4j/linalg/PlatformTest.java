// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {
    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x86_64",
        "Linux, aarch64, linux-arm64",
        "Mac OS X, aarch64, macosx-arm64",
        "Mac OS X, x86_64, macosx-x86_64",
        "Windows 11, amd64, windows-x86_64",
        "Windows Server 2022, amd64, windows-x86_64",
    })
    void theJdksNamesGiveTheClassifier(String osName, String osArch, String classifier) {
        assertEquals(classifier, Platform.of(osName, osArch).classifier());
    }

    @ParameterizedTest
    @CsvSource({"Linux, riscv64", "Windows 11, aarch64", "SunOS, amd64"})
    void anUnknownPlatformListsTheSupportedOnes(String osName, String osArch) {
        String message = assertThrows(UnsatisfiedLinkError.class, () -> Platform.of(osName, osArch)).getMessage();
        assertTrue(message.contains(osName) && message.contains(osArch), message);
        for (Platform platform : Platform.SUPPORTED) {
            assertTrue(message.contains(platform.classifier()), message);
        }
    }

    @Test
    void openBlasIsLoadedAfterWhatItNeeds() {
        for (Platform platform : Platform.SUPPORTED) {
            assertTrue(platform.embedded().getLast().contains("openblas"), platform.toString());
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void cachesAreWhereTheSystemWantsThem() {
        Platform linux = Platform.of("Linux", "amd64");
        assertEquals(Path.of("/x"), linux.userCache(Map.of("XDG_CACHE_HOME", "/x", "HOME", "/h"), "/u"));
        assertEquals(Path.of("/h/.cache"), linux.userCache(Map.of("XDG_CACHE_HOME", "relative", "HOME", "/h"), "/u"));
        assertEquals(Path.of("/u/.cache"), linux.userCache(Map.of(), "/u"));
        Platform mac = Platform.of("Mac OS X", "aarch64");
        assertEquals(Path.of("/h/Library/Caches"), mac.userCache(Map.of("HOME", "/h"), "/u"));
        Platform windows = Platform.of("Windows 11", "amd64");
        assertEquals(Path.of("/local"), windows.userCache(Map.of("LOCALAPPDATA", "/local", "HOME", "/h"), "/u"));
        String message = assertThrows(UnsatisfiedLinkError.class, () -> linux.userCache(Map.of(), "?")).getMessage();
        assertTrue(message.contains("'?'") && message.contains("asgo4j.cache"), message);
    }
}
