// SPDX-License-Identifier: Apache-2.0
/**
 * The optimizers in DJL, the Deep Java Library, which is an optional dependency.
 *
 * <pre>
 * Trainer.step ─ ParameterServer ─ AsgoOptimizer.update(id, W, G) ── for each parameter
 *                                     ├─ RoutedParameters: id → name in the block → rule (Routing) → state
 *                                     ├─ TensorMemory: W and G in the engine's memory, or copies
 *                                     └─ RuleState.step(W, G, ηₜ, λ)
 * </pre>
 *
 * <p>What DJL does that shapes this package:
 *
 * <ul>
 *   <li>It hands an optimizer one parameter at a time, so parameters are not stepped in parallel, and there is no norm
 *       over all gradients to clip by.
 *   <li>A parameter's id is new in every run. Names come from the model's block
 *       ({@link org.asgo4j.djl.AsgoOptimizer.Builder#optBlock}), and files need them.
 *   <li>PyTorch adds up gradients, and DJL counts on the optimizer to clear them.
 *   <li>{@code toByteBuffer(true)} is a view of a contiguous PyTorch tensor on the CPU and a copy of any other, which
 *       PyTorch's engine would keep as long as the model; an {@code NDScope} around each update frees it.
 *   <li>{@code NDArray.set(Buffer)} gives a PyTorch tensor another memory instead of writing to its own. So a copy is
 *       written back through {@code set(NDIndex, NDArray)}, and whoever shares the memory sees it.
 * </ul>
 */
package org.asgo4j.djl;
