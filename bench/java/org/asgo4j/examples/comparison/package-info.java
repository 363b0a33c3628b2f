// SPDX-License-Identifier: Apache-2.0
/**
 * Training without a framework: problems that are no language models, each with its forward and backward pass written
 * out on {@link org.asgo4j.linalg.Matrix}, one loop that trains them, and a comparison of optimizers. Meant to be read:
 * loops go over {@code get} and {@code set}, and only matrix products are fast.
 *
 * <pre>
 * Main ─ Comparison ─ Training: gradient, step, look ── Contender: a rule and its learning rates
 *   │                    └─ Example ─ Problem ─┬─ Classification ─ Layer: LogisticRegression, MlpClassifier,
 *   └─ ResultTables, ResultChart               │                          ConvolutionalNetwork
 *                                              └─ MatrixFactorization
 * </pre>
 *
 * <p>{@code mvn -q test-compile exec:exec@examples} runs the comparison.
 */
package org.asgo4j.examples.comparison;
