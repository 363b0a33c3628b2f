// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/**
 * Thrown when an eigenvalue routine, LAPACK's or the pure-Java one in its place, could not do its work.
 *
 * {@snippet file="FailureExamplesTest.java" region="nativeCall"}
 */
public final class NativeCallException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private NativeCallException(String message) {
        super(message);
    }

    /**
     * The failure that a symmetric eigenvalue routine of LAPACK (ssyevd, dsyevd) reported.
     *
     * @param routine the routine's name, such as {@code ssyevd}
     * @param info the routine's {@code info}, not zero: below zero, argument {@code -info} was illegal, counted as
     *     LAPACKE counts them, from the layout on; above zero, the algorithm did not converge
     * @return the exception to throw
     * @throws IllegalArgumentException if {@code info} is zero, which means success
     */
    public static NativeCallException lapack(String routine, int info) {
        if (info == 0) {
            throw new IllegalArgumentException(routine + " returned info = 0, which is success, not a failure");
        }
        if (info < 0) {
            return new NativeCallException("%s: argument %d (counted from 1, the layout first) had an illegal value "
                    .formatted(routine, -(long) info) + "(info = " + info + ")");
        }
        return new NativeCallException(("%s: the eigenvalues did not converge (info = %d): with eigenvectors of an "
                + "n x n matrix, the tridiagonal block from row info/(n+1) to row info mod (n+1) failed; without, %d "
                + "off-diagonal elements did not reach zero. A non-finite input is the usual cause")
                .formatted(routine, info, info));
    }

    /**
     * The failure of an iteration that used up its sweeps.
     *
     * @param routine the routine's name, such as {@code Jacobi}
     * @param sweeps how many sweeps it made
     * @return the exception to throw
     */
    public static NativeCallException notConverged(String routine, int sweeps) {
        return new NativeCallException("%s: the eigenvalues did not converge in %d sweeps; a non-finite input is the "
                .formatted(routine, sweeps) + "usual cause");
    }
}
