/**
 * The training job: a character-level GPT, its corpus and batches, the loop, its metrics and plots.
 *
 * <p>Data: {@link org.asgo4j.train.Corpus} reads text from a file, a directory or a jar; {@link
 * org.asgo4j.train.CharTokenizer} numbers its characters; {@link org.asgo4j.train.TokenSplit} holds out the last tenth;
 * {@link org.asgo4j.train.Batches} draws training windows from a seed and {@link org.asgo4j.train.ValidationWindows}
 * walks the held-out tenth from end to end. Everything is a function of the text and the seed, so two runs see the same
 * batches in the same order, whatever optimizer trains on them.
 *
 * <p>Results: {@link org.asgo4j.train.MetricsFile} writes a row per report, {@link org.asgo4j.train.LossPlot} draws the
 * curves. A plot that can't be drawn is a warning, never the end of a run.
 */
package org.asgo4j.train;
