// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.util.ArrayList;
import java.util.List;

/** Collects what was tried to load a library and what came of each, for one error that says it all. */
final class Attempts {
    /** What the JDK says of a library that it has loaded for another class loader. */
    private static final String OTHER_LOADER = "already loaded in another classloader";

    private final BackendName name;
    private final Platform platform;
    private final List<String> lines = new ArrayList<>();
    private String cause; // in place of what is to be installed, or null

    Attempts(BackendName name, Platform platform) {
        this.name = name;
        this.platform = platform;
    }

    void add(String candidate, String outcome) {
        lines.add("%n  %s: %s".formatted(candidate, outcome));
    }

    /** Says what is to be done, where it is known better than from the name of the backend. */
    void conclude(String why) {
        cause = why;
    }

    /** The error: every candidate with what came of it, and what to do about it. */
    UnsatisfiedLinkError failure(Throwable thrown) {
        String tried = lines.isEmpty()
                ? " nothing: there is none for " + platform.classifier()
                : String.join("", lines);
        UnsatisfiedLinkError error = new UnsatisfiedLinkError("no library for backend %s could be loaded; tried:%s%n%s"
                .formatted(name.property(), tried, advice()));
        error.initCause(thrown);
        return error;
    }

    private String advice() {
        if (lines.stream().anyMatch(line -> line.contains(OTHER_LOADER))) {
            return "A JVM loads a native library for one class loader only: put asgo4j where both applications see the "
                    + "same copy of it, such as the server's own lib folder.";
        }
        String install = cause != null ? cause : switch (name) {
            case CUDA -> "Install NVIDIA's driver and CUDA 13 or 12 with cuBLAS and cuSOLVER, or name the folder of "
                    + "their libraries with -Dasgo4j.cuda=FOLDER";
            case MKL -> "Install oneMKL and have its directory in the loader's search path";
            case OPENBLAS, REFERENCE -> ("Add the jar org.bytedeco:openblas with classifier %s to the class path, or "
                    + "install OpenBLAS with LAPACKE (Debian, Ubuntu: libopenblas0-pthread and liblapacke)")
                    .formatted(platform.classifier());
        };
        if (name == BackendName.CUDA) return install + "; or choose another backend with -Dasgo4j.backend=openblas.";
        return install + "; or name a library with -Dasgo4j.library=PATH; or choose the pure-Java backend with "
                + "-Dasgo4j.backend=reference.";
    }
}
