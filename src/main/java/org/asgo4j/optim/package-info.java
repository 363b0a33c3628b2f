// SPDX-License-Identifier: Apache-2.0
/**
 * The optimizers, at two levels.
 *
 * <p>A {@link org.asgo4j.optim.Rule} ({@link org.asgo4j.optim.Asgo}, {@link org.asgo4j.optim.AdamW}, …) makes the state
 * of one weight and steps it with the weight and gradient handed in at that call: for host frameworks whose buffers
 * move. An {@link org.asgo4j.optim.Optimizer} holds named parameters in groups (rule, schedule, weight decay), clips,
 * steps them in parallel, reports, saves and loads: for a training loop of one's own. {@link
 * org.asgo4j.optim.WeightStates} saves and loads states of the first level.
 *
 * <pre>
 * Optimizer ─ ParameterGroup ─ Parameter (name, W, G, row blocks)
 *  │  │            ├─ Schedule
 *  │  │            └─ Rule ── makes ──▶ RuleState
 *  │  │                 ├─ Asgo ──────▶ AsgoState ─ Preconditioner: V, and the RootLadder a failing root goes down
 *  │  │                 │                 ├─ RootPreconditioner: P ─ InverseRoot ─ Eigen, Tridiagonal, Zolotarev,
 *  │  │                 │                 │     └─ BackgroundRoot     PolarExpress, Newton, Basis (eigenvectors kept)
 *  │  │                 │                 └─ EigenbasisPreconditioner: eigenvectors and a second moment in them
 *  │  │                 ├─ Shampoo ───▶ ShampooState ─ 2 KroneckerFactor: L or R, its fourth root, a RootLadder
 *  │  │                 ├─ Soap ──────▶ SoapState ─ 2 SoapBasis: L or R, its eigenbasis, a RootLadder
 *  │  │                 ├─ Dasgo, Muon
 *  │  │                 └─ AdamW, Sgd, Lion
 *  │  └─ StateFile ─ StateWriter, StateReader: what a state names in describe(StateFields)
 *  └─ StepRunner: the step on the workers
 *      ├─ Wave: parameters that a worker steps at a time, with a RootBatch if more than one
 *      ├─ Conveyor: uploads this computer's memory to a GPU, and downloads it, beside its computing; one per worker
 *      └─ one Workspace per worker
 * </pre>
 *
 * <p>{@link org.asgo4j.optim.PublishedWeights} stands between the training and those who serve from its weights while
 * it goes on.
 *
 * <p>Choices, with reasons:
 *
 * <ul>
 *   <li>A configuration has no learning rate and no weight decay: those belong to the group, so that one rule can serve
 *       several groups and a schedule is said once. The published values are constants of the configurations.
 *   <li>Memory belongs to an arena the caller (or the optimizer) owns; states have no {@code close}. Scratch memory is
 *       one workspace per worker, sized by the largest weight.
 *   <li>Momentum and gram matrix are held divided by a power of two that follows the gradient's norm. The power rounds
 *       nothing and cancels in the update, and squares of gradients from 1e-30 to 1e30 stay inside float32.
 *   <li>Clipping, and the mean over accumulated micro-batches, is a factor handed to the rule. The gradient is the
 *       caller's and only read.
 *   <li>Parallelism is across parameters, largest first, and no parameter's arithmetic is split: results are the same
 *       bits for any number of workers. Asynchronous roots are the one exception, and off unless asked for.
 *   <li>A step first looks at every gradient's values and every weight's memory, then changes anything.
 *   <li>A root is computed into scratch memory and copied when it is known to be finite, so that the last good one is
 *       there when it is not.
 *   <li>A state describes its fields once, and saving, checking and loading are visitors of that description: what is
 *       written is what is read, and a file is checked as a whole before anything is loaded.
 *   <li>Newton's root iterates in the eigenvectors of the last decomposition. The textbook iterations started from the
 *       last root either diverge (κ(V) {@literal >} 9) or end at a factor of V⁻¹ that is not symmetric, since that root
 *       does not commute with the new V.
 *   <li>On a GPU, roots by POLAR_EXPRESS and EIGEN are computed for all weights of one order at once ({@code Wave},
 *       {@code RootBatch}): a worker takes the gradients of several weights in, computes their roots in one stack of
 *       matrices, and steps them. So are those of one weight's row blocks, wherever it lies. N is made again after the
 *       root, which is one pass over memory; keeping it would take the size of every weight. Left alone are different
 *       weights in this computer's memory, roots in the background (a thread of their own), and the other methods, of
 *       which NEWTON's iterations differ in number from weight to weight.
 *   <li>The default root, Zolotarev's, is off by 20 % in single directions, as Muon's polar factor is. What an update
 *       loses by that was not to be seen in training; what it saves is three quarters of a root.
 * </ul>
 */
package org.asgo4j.optim;
