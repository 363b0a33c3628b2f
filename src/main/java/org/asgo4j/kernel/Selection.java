// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import java.lang.System.Logger.Level;

/** Decides once whether the vector twins can run, and says so if not. */
final class Selection {

    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private static final String NATIVE_ACCESS = "--enable-native-access=" + (Selection.class.getModule().isNamed()
            ? Selection.class.getModule().getName()
            : "ALL-UNNAMED");

    private static final boolean VECTOR = lookForVectorModule() && lookForVectors() && lookForNativeAccess();

    private Selection() {
    }

    /** True if the vector twins can run; the requested lane width is then known to be available. */
    static boolean vector() {
        if (VECTOR) {
            LaneWidth.bits();
        }
        return VECTOR;
    }

    /** Throws unless the vector twins can run. */
    static void requireVector() {
        if (!vector()) {
            throw new UnsupportedOperationException(
                    "the vector twins need --add-modules %s %s and vectors of at least %d bits"
                            .formatted(VECTOR_MODULE, NATIVE_ACCESS, LaneWidth.NARROWEST));
        }
    }

    private static boolean lookForVectorModule() {
        boolean present = ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
        if (!present) {
            warn("module {0} is not in this JVM: scalar kernels are used, several times slower. "
                    + "Start java with --add-modules {0} for the vector kernels.", VECTOR_MODULE);
        }
        return present;
    }

    private static boolean lookForVectors() {
        int bits = LaneWidth.preferred();
        if (bits >= LaneWidth.NARROWEST) return true;
        warn("vectors have only {0} bits in this JVM: scalar kernels are used, several times slower. The vector "
                + "kernels need " + LaneWidth.NARROWEST + ", and no -XX:MaxVectorSize below 16 (bytes).", bits);
        return false;
    }

    /** The vector twins go by addresses, which {@code --illegal-native-access=deny} forbids. */
    private static boolean lookForNativeAccess() {
        try {
            OffHeap.ALL.byteSize();
            return true;
        } catch (ExceptionInInitializerError refused) {
            if (!(refused.getCause() instanceof IllegalCallerException)) throw refused;
            warn("native access is denied in this JVM: scalar kernels are used, several times slower. "
                    + "Start java with {0} for the vector kernels.", NATIVE_ACCESS);
            return false;
        }
    }

    private static void warn(String message, Object detail) {
        System.getLogger(Selection.class.getPackageName()).log(Level.WARNING, message, detail);
    }
}
