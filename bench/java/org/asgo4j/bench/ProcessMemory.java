// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What this process holds, as Linux and the JVM tell. */
final class ProcessMemory {
    private static final Path SELF = Path.of("/proc/self");
    private static final int KIB = 1024;

    /** Collections after which what is still used is reachable: references are cleared in rounds. */
    private static final int COLLECTIONS = 3;

    private ProcessMemory() {}

    /** Whether this system tells. */
    static boolean isKnown() {
        return Files.isReadable(SELF.resolve("status"));
    }

    /** Bytes of this process that are in memory. */
    static long resident() {
        return status("VmRSS:");
    }

    /** The most bytes that were in memory at once since the process began, or {@link #peakResidentFromNow}. */
    static long peakResident() {
        return status("VmHWM:");
    }

    /** Sets the peak to what is in memory now (proc(5), clear_refs), and returns that. */
    static long peakResidentFromNow() {
        try {
            Files.writeString(SELF.resolve("clear_refs"), "5");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return peakResident();
    }

    /** Bytes of the heap that are in use after a collection. */
    static long usedHeap() {
        for (int i = 0; i < COLLECTIONS; i++) System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** Threads of the process, native ones too. */
    static int threads() {
        return entries("task");
    }

    /** Open files. */
    static int openFiles() {
        return entries("fd");
    }

    private static int entries(String folder) {
        try (Stream<Path> entries = Files.list(SELF.resolve(folder))) {
            return (int) entries.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long status(String field) {
        try (Stream<String> lines = Files.lines(SELF.resolve("status"))) {
            return lines.filter(line -> line.startsWith(field))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * KIB)
                    .findFirst().orElseThrow(() -> new IllegalStateException("/proc/self/status has no " + field));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
