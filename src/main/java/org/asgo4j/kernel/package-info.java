// SPDX-License-Identifier: Apache-2.0
/**
 * Loops over float32 memory: elementwise passes, reductions, and the layers of a GPT; each as a scalar and a vector
 * twin.
 *
 * <p>The scalar twin is the definition, the fallback where {@code jdk.incubator.vector} is missing, vectors have less
 * than 128 bits or native access is denied, and the tail of the vector loop. Twins agree bit for bit on every lane
 * width, because both do the same fused multiply-adds in the same order: reductions keep a fixed number of partial sums
 * that no lane width changes, and {@code exp} and {@code erf} are our own polynomials
 * ({@link org.asgo4j.kernel.Elementary}) and not the platform's.
 *
 * <p>Arguments are a {@link java.lang.foreign.MemorySegment} and a first element, never a slice: a slice is an object.
 * No call allocates once compiled. Sizes are checked by the callers, who know the names of things; here a range outside
 * its segment ends in an {@link IndexOutOfBoundsException}. Ranges must not overlap unless they are the same range, and
 * even that only where a method says so.
 *
 * <p>The vector twins check an operand once a call and then go by its address ({@link org.asgo4j.kernel.OffHeap} says
 * why), so they take native memory only, and an arena must not be closed while another thread's call is in it. What a
 * caller's other code does with segments then costs them nothing.
 *
 * <p>This is the only package that sees {@code jdk.incubator.vector}. {@link org.asgo4j.kernel.Kernels#best} and
 * {@link org.asgo4j.kernel.LayerKernels#best} choose the twin, so no class that needs the module is loaded without it.
 */
package org.asgo4j.kernel;
