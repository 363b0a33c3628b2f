// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import java.lang.System.Logger.Level;

/** Decides once whether the vector twins can run, and says so if not. */
final class Selection {

    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private static final String NATIVE_ACCESS = "--enable-native-access=" + (Selection.class.getModule().isNamed()
            ? Selection.class.getModule().getName()
            : "ALL-UNNAMED");

    private static final boolean VECTOR = lookForVectorModule() && lookForNativeAccess();

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
                    "the vector twins need --add-modules %s %s".formatted(VECTOR_MODULE, NATIVE_ACCESS));
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

    private static void warn(String message, String option) {
        System.getLogger(Selection.class.getPackageName()).log(Level.WARNING, message, option);
    }
}
