/**
 * The optimizers, at two levels.
 *
 * <p>A {@link org.asgo4j.optim.Rule} ({@link org.asgo4j.optim.Asgo}, {@link org.asgo4j.optim.AdamW}) makes the state of
 * one weight and steps it with the weight and gradient handed in at that call: for host frameworks whose buffers move.
 * An {@link org.asgo4j.optim.Optimizer} holds named parameters in groups (rule, schedule, weight decay), clips, steps
 * them in parallel and reports: for a training loop of one's own.
 *
 * <pre>
 * Optimizer ─ ParameterGroup ─ Parameter (name, W, G, row blocks)
 *     │            ├─ Rule ── makes ──▶ RuleState ─ AsgoState ─ Preconditioner ─ InverseRoot (EigenInverseRoot)
 *     │            └─ Schedule                   └─ AdamWState   └─ Damping
 *     └─ one Workspace per worker
 * </pre>
 *
 * <p>Choices, with reasons:
 *
 * <ul>
 *   <li>A configuration has no learning rate and no weight decay: those belong to the group, so that one rule can serve
 *       several groups and a schedule is said once. The published values are constants of {@link
 *       org.asgo4j.optim.AsgoConfig}.
 *   <li>Memory belongs to an arena the caller (or the optimizer) owns; states have no {@code close}. Scratch memory is
 *       one workspace per worker, sized by the largest weight.
 *   <li>Momentum and gram matrix are held divided by a power of two that follows the gradient's norm. The power rounds
 *       nothing and cancels in the update, and squares of gradients from 1e-30 to 1e30 stay inside float32.
 *   <li>Clipping is a factor handed to the rule. The gradient is the caller's and only read.
 *   <li>Parallelism is across parameters, largest first, and no parameter's arithmetic is split: results are the same
 *       bits for any number of workers.
 *   <li>A step first looks at every gradient's values and every weight's memory, then changes anything.
 * </ul>
 */
package org.asgo4j.optim;
