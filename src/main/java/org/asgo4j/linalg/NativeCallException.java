// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/**
 * Thrown when a factorization (eigenvalues, Cholesky, QR), of LAPACK, cuSOLVER or plain Java, could not do its work.
 *
 * {@snippet file="FailureExamplesTest.java" region="nativeCall"}
 */
public final class NativeCallException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private NativeCallException(String message) {
        super(message);
    }

    /**
     * The failure that a routine of LAPACK reported.
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
     * The failure of a Cholesky factorization.
     *
     * @param routine the routine's name, such as {@code dpotrf}
     * @return the exception to throw
     */
    public static NativeCallException notPositiveDefinite(String routine) {
        return new NativeCallException(routine + ": the matrix is not positive definite to working precision; more "
                + "damping makes it so, and a non-finite input never is");
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

    /**
     * The refusal of a matrix with an element that is NaN or infinite.
     *
     * @param routine the routine's name, such as {@code Ssyevd}
     * @param row the element's row, counted from 0
     * @param col the element's column, counted from 0
     * @return the exception to throw
     */
    public static NativeCallException nonFinite(String routine, long row, long col) {
        return new NativeCallException("%s: element (%d, %d), counted from 0, is NaN or infinite"
                .formatted(routine, row, col));
    }

    /**
     * The failure that a factorization of cuSOLVER reported.
     *
     * @param routine the routine's name, such as {@code cusolverDnSsyevd}
     * @param info what it left in {@code devInfo}, not zero: below zero, argument {@code -info} was illegal, counted
     *     after the handle; above zero, so many off-diagonal elements did not converge
     * @return the exception to throw
     */
    public static NativeCallException cusolver(String routine, int info) {
        return new NativeCallException(info < 0
                ? "%s: argument %d (counted from 1, the handle left out) had an illegal value (devInfo = %d)"
                        .formatted(routine, -(long) info, info)
                : "%s: the eigenvalues did not converge (devInfo = %d): so many off-diagonal elements did not reach "
                        .formatted(routine, info) + "zero");
    }
}
