// SPDX-License-Identifier: Apache-2.0
/**
 * A matrix view on native memory, the operations on it, and the library that does them.
 *
 * <pre>
 *   your memory ─────── Matrix: rows × cols, row-major, float32 or float64; a view that owns nothing
 *                         │
 *   Backends.open() ──▶ Backend: gemm, syrk, symm, eigh, …; checks shapes, liveness, overlap, then calls
 *                         ├─ BlasBackend ──▶ generated bindings ──▶ OpenBLAS or MKL, found by NativeLibraries
 *                         ├─ ReferenceBackend: the same in plain Java
 *                         └─ both: elementwise operations on the kernels, scalar or Vector API
 *   Workers ──────────▶ many matrices at once, each on one BLAS thread
 * </pre>
 *
 * <p>{@link org.asgo4j.linalg.Matrix} borrows memory and carries its geometry; {@link org.asgo4j.linalg.Backend} is the
 * narrow seam: the operations of a step, outputs last, each checked at the door ({@code Shapes}) before memory is
 * touched. {@code ReferenceBackend} defines them in plain Java; {@code BlasBackend} is the one class that calls
 * routines of a BLAS and LAPACK, each flip between row-major and column-major inside the method that calls. The
 * elementwise operations are shared by both ({@code CpuBackend}) and run on the kernels. {@code CudaBackend} does the
 * same on an NVIDIA GPU: products by cuBLAS, factorizations by cuSOLVER ({@code CudaSolver}), the elementwise
 * operations by kernels of our own ({@code CudaElementwise}), each thread on a stream of its own ({@code CudaLane}),
 * with one more for copies in each direction ({@code CudaCopies}).
 * {@link org.asgo4j.linalg.Workers} shares out matrices over threads that call the BLAS with one thread each.
 *
 * <p>Memory of other engines comes in through {@code Matrix.of}, never copied and never freed here:
 *
 * <table>
 * <caption>What is borrowed, until when it may be used, and whether that is checked at each use</caption>
 * <tr><th>from</th><th>lives until</th><th>checked</th></tr>
 * <tr><td>MemorySegment</td><td>its arena closes</td><td>alive, this thread's</td></tr>
 * <tr><td>direct ByteBuffer or FloatBuffer that Java allocated</td><td>no view of it is reachable</td><td>never
 * needed</td></tr>
 * <tr><td>the same of an engine</td><td>the engine frees it: the caller vouches</td><td>no</td></tr>
 * <tr><td>address and an Arena</td><td>the arena closes: close it before the engine frees</td><td>alive, this
 * thread's</td></tr>
 * <tr><td>address and Arena.global()</td><td>the caller vouches</td><td>no</td></tr>
 * </table>
 *
 * <p>Read-only memory is taken, and refused by every operation that would write it.
 *
 * <p>Where this differs from a plain BLAS wrapper, and why:
 *
 * <ul>
 *   <li>A matrix has an element type. Weights and gradients are float32; a gram matrix whose condition number is above
 *       about 1e5 needs its root, and the matrix itself, in float64, and that is the same code with another type.
 *   <li>{@code symm} reads one triangle, so that a gram matrix is written by one {@code syrk} and never mirrored. A
 *       root that is multiplied at every step is mirrored once, since {@code gemm} is faster than {@code symm}.
 *   <li>{@code eigh} returns eigenvectors as rows: that is what LAPACK's column-major result is in row-major memory, so
 *       nothing is transposed, and scaling an eigenvector is scaling a row.
 *   <li>Loading a library fails or succeeds as a whole: what was asked for and can't be had throws with every candidate
 *       tried and the loader's own message. There is no fallback from one backend to another.
 * </ul>
 */
package org.asgo4j.linalg;
