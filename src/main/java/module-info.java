// SPDX-License-Identifier: Apache-2.0
/**
 * The ASGO optimizer on off-heap memory: BLAS and LAPACK through generated bindings, the Vector API for everything
 * elementwise.
 *
 * <p>Nothing but java.base and jdk.jfr is required at run time. Without the vector module the scalar kernels run;
 * picocli, XChart and java.desktop serve the command line, which runs on the class path. DJL is for
 * org.asgo4j.djl; it is not required transitively, or no module could be compiled against this one without DJL.
 */
@SuppressWarnings("requires-automatic") // XChart and DJL have no descriptor
module org.asgo4j {
    requires jdk.jfr;
    requires static jdk.incubator.vector;
    requires static ai.djl.api;
    requires static java.desktop;
    requires static info.picocli;
    requires static org.knowm.xchart;

    exports org.asgo4j.linalg;
    exports org.asgo4j.io;
    exports org.asgo4j.optim;
    exports org.asgo4j.djl;

    opens org.asgo4j.cli to info.picocli;
}
