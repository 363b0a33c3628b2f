// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Decides once whether the vector twins can run, and says so if not. */
final class Selection {

    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private static final boolean VECTOR_MODULE_PRESENT = lookForVectorModule();

    private Selection() {
    }

    /** True if the vector twins can run; the requested lane width is then known to be available. */
    static boolean vector() {
        if (VECTOR_MODULE_PRESENT) {
            LaneWidth.bits();
        }
        return VECTOR_MODULE_PRESENT;
    }

    /** Throws unless the vector twins can run. */
    static void requireVector() {
        if (!vector()) {
            throw new UnsupportedOperationException("the vector twins need --add-modules " + VECTOR_MODULE);
        }
    }

    private static boolean lookForVectorModule() {
        boolean present = ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
        if (!present) {
            Logger logger = System.getLogger(Selection.class.getPackageName());
            logger.log(Level.WARNING, "module {0} is not in this JVM: scalar kernels are used, several times slower. "
                    + "Start java with --add-modules {0} for the vector kernels.", VECTOR_MODULE);
        }
        return present;
    }
}
