// SPDX-License-Identifier: Apache-2.0
/**
 * The training job: a character-level GPT, its corpus and batches, the loop, its metrics and plots.
 *
 * <p>Data: {@link org.asgo4j.train.Corpus} reads text from a file, a directory or a jar; {@link
 * org.asgo4j.train.CharTokenizer} numbers its characters; {@link org.asgo4j.train.TokenSplit} holds out the last tenth;
 * {@link org.asgo4j.train.Batches} draws training windows from a seed and {@link org.asgo4j.train.ValidationWindows}
 * walks the held-out tenth from end to end. Everything is a function of the text and the seed, so two runs see the same
 * batches in the same order, whatever optimizer trains on them.
 *
 * <p>Model: {@code Gpt} is the published GPT (pre-norm, exact GELU, no bias, learned positions, tied head) with forward
 * and backward written by hand. Sequences don't depend on each other, so chunks of whole sequences run through all
 * layers side by side ({@code ChunkPass}), storing what the weight gradients need; those follow over the whole batch
 * ({@code WeightGradients}). That is two barriers a step, and no sum depends on the number of workers. {@code
 * GptParameters} holds the weights under the names PyTorch gives them, {@code GptFile} reads and writes them, {@code
 * Sampler} writes text.
 *
 * <p>The loop: {@link org.asgo4j.train.Training} runs one {@code Trainer} per {@link org.asgo4j.train.OptimizerChoice}.
 * {@link org.asgo4j.train.AsgoChanges} and {@link org.asgo4j.train.GroupChanges} are what options change of its
 * configuration. One that fails leaves a {@link org.asgo4j.train.TrainFailure}, and the others train all the same.
 * A {@link org.asgo4j.train.Recipe} is all that decides the weights that come out; {@code Manifest} writes it down in
 * {@code config.json} and in every {@code Checkpoint}, and a training goes on ({@link org.asgo4j.train.SavedRun}) only
 * where both agree with each other, with the corpus and with this program. Interrupted or not, the weights are the same
 * bits.
 * {@link org.asgo4j.train.Replay} steps a single weight through a recorded trajectory.
 *
 * <p>Results: {@link org.asgo4j.train.MetricsFile} writes a row per report, {@link org.asgo4j.train.Plots} draws the
 * curves. A plot that can't be drawn is a warning, never the end of a run.
 */
package org.asgo4j.train;
