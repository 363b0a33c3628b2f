/**
 * The ASGO optimizer on off-heap memory: BLAS and LAPACK through generated bindings, the Vector API for everything
 * elementwise.
 *
 * <p>Nothing but java.base is required at run time. Without the vector module the scalar kernels run.
 */
module org.asgo4j {
    requires static jdk.incubator.vector;

    exports org.asgo4j.linalg;
    exports org.asgo4j.io;
    exports org.asgo4j.optim;
}
