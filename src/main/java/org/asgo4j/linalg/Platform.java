// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Knows what native libraries are called on one operating system and processor.
 *
 * @param classifier the name under which natives jars are published, such as {@code linux-x86_64}
 * @param system the operating system
 * @param embedded files of the OpenBLAS natives jar, in load order, OpenBLAS last
 * @param openBlas names under which the system's loader may know an OpenBLAS, the preferred first
 * @param mkl names under which the system's loader may know oneMKL; empty where it is not made
 * @param lapacke names of a separate LAPACKE, for distributions whose OpenBLAS has none
 */
record Platform(String classifier, OperatingSystem system, List<String> embedded, List<String> openBlas,
        List<String> mkl, List<String> lapacke) {
    /** The operating systems, as far as loading differs. */
    enum OperatingSystem { LINUX, MACOS, WINDOWS }

    /** Folder of the natives jar; the classifier is the folder below it. */
    private static final String EMBEDDED_FOLDER = "org/bytedeco/openblas/";

    /** GCC's runtime: the one embedded library that nearly every process has already, and can have only once. */
    private static final String GCC_RUNTIME = "libgcc_s.so.1";

    // libopenblasp is the threaded build where libopenblas.so.0 is the sequential one (Fedora and its relatives).
    private static final List<String> LINUX_OPENBLAS =
            List.of("libopenblasp.so.0", "libopenblas.so.0", "libopenblas.so");
    private static final List<String> LINUX_LAPACKE = List.of("liblapacke.so.3", "liblapacke.so");
    private static final List<String> LINUX_MKL = List.of("libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so");

    private static final Platform LINUX_X86_64 = new Platform("linux-x86_64", OperatingSystem.LINUX,
            List.of(GCC_RUNTIME, "libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0"),
            LINUX_OPENBLAS, LINUX_MKL, LINUX_LAPACKE);
    private static final Platform LINUX_ARM64 = new Platform("linux-arm64", OperatingSystem.LINUX,
            List.of(GCC_RUNTIME, "libgfortran.so.5", "libopenblas.so.0"),
            LINUX_OPENBLAS, List.of(), LINUX_LAPACKE);
    // Homebrew keeps OpenBLAS out of the loader's way, so its fixed place is named too.
    private static final Platform MACOS_ARM64 = new Platform("macosx-arm64", OperatingSystem.MACOS,
            List.of("libopenblas.0.dylib"),
            List.of("libopenblas.0.dylib", "libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib"),
            List.of(), List.of());
    private static final Platform MACOS_X86_64 = new Platform("macosx-x86_64", OperatingSystem.MACOS,
            List.of("libgcc_s.1.1.dylib", "libquadmath.0.dylib", "libgfortran.5.dylib", "libopenblas.0.dylib"),
            List.of("libopenblas.0.dylib", "libopenblas.dylib", "/usr/local/opt/openblas/lib/libopenblas.dylib"),
            List.of("libmkl_rt.2.dylib", "libmkl_rt.dylib"), List.of());
    private static final Platform WINDOWS_X86_64 = new Platform("windows-x86_64", OperatingSystem.WINDOWS,
            List.of("libopenblas.dll"),
            List.of("libopenblas.dll", "openblas.dll"),
            List.of("mkl_rt.3.dll", "mkl_rt.2.dll", "mkl_rt.dll"), List.of());

    /** All platforms with an embedded OpenBLAS. */
    static final List<Platform> SUPPORTED =
            List.of(LINUX_X86_64, LINUX_ARM64, MACOS_ARM64, MACOS_X86_64, WINDOWS_X86_64);

    /** The platform this JVM runs on. */
    static Platform current() {
        return of(System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    /**
     * The platform for the JDK's own names of a system and a processor.
     *
     * @throws UnsatisfiedLinkError if there is none; the message lists those that are supported
     */
    static Platform of(String osName, String osArch) {
        String wanted = systemPart(osName) + "-" + processorPart(osArch);
        for (Platform platform : SUPPORTED) {
            if (platform.classifier.equals(wanted)) return platform;
        }
        String supported = SUPPORTED.stream().map(Platform::classifier).collect(Collectors.joining(", "));
        throw new UnsatisfiedLinkError("no native BLAS for os.name='%s', os.arch='%s'; supported are %s. "
                .formatted(osName, osArch, supported)
                + "The pure-Java backend runs here: -Dasgo4j.backend=reference");
    }

    private static String systemPart(String osName) {
        String name = osName.toLowerCase(Locale.ROOT);
        if (name.startsWith("mac") || name.startsWith("darwin")) {
            return "macosx";
        }
        return name.startsWith("windows") ? "windows" : name;
    }

    private static String processorPart(String osArch) {
        return switch (osArch.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm64";
            default -> osArch;
        };
    }

    /** The class loader's name for a file of the natives jar. */
    String resource(String file) {
        return EMBEDDED_FOLDER + classifier + "/" + file;
    }

    /**
     * Whether the system's own copy of this embedded file is to be preferred. A process holds GCC's runtime once, and
     * other native code in it may need a newer one than the jar's.
     */
    static boolean systemCopyPreferred(String file) {
        return file.equals(GCC_RUNTIME);
    }

    /** The names under which the system's loader may know the library of this backend, the preferred first. */
    List<String> systemNames(BackendName name) {
        return switch (name) {
            case OPENBLAS -> openBlas;
            case MKL -> mkl;
            case REFERENCE, CUDA -> List.of();
        };
    }

    /**
     * The directory where this user's caches belong: XDG_CACHE_HOME or ~/.cache on Linux, ~/Library/Caches on macOS,
     * LOCALAPPDATA on Windows.
     *
     * @param environment the process's environment
     * @param home the user's home, for where the environment names none
     * @throws UnsatisfiedLinkError if neither gives an absolute path
     */
    Path userCache(Map<String, String> environment, String home) {
        Path userHome = Path.of(environment.getOrDefault("HOME", home));
        Path cache = switch (system) {
            case LINUX -> absoluteOr(environment.get("XDG_CACHE_HOME"), userHome.resolve(".cache"));
            case MACOS -> userHome.resolve("Library").resolve("Caches");
            case WINDOWS -> absoluteOr(environment.get("LOCALAPPDATA"),
                    Path.of(home).resolve("AppData").resolve("Local"));
        };
        if (!cache.isAbsolute()) {
            throw new UnsatisfiedLinkError("no place for the native library: the home directory is '%s', expected an "
                    .formatted(userHome) + "absolute path; set HOME or pass -Dasgo4j.cache=DIRECTORY");
        }
        return cache;
    }

    private static Path absoluteOr(String value, Path otherwise) {
        return value != null && Path.of(value).isAbsolute() ? Path.of(value) : otherwise;
    }
}
