// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/**
 * Walks the held-out tokens from end to end in windows that follow each other, so that each token but the first is
 * predicted exactly once.
 *
 * <p>Batches always have the full shape B×T, which is what a model's buffers have. Where the text ends inside a window,
 * or the windows inside a batch, the remaining targets are {@link #IGNORED} and the remaining inputs token 0: attention
 * looks only back, so what follows can't change a prediction before it, and the loss is the mean over the targets that
 * are not ignored.
 */
final class ValidationWindows {
    /** Target of a place that has nothing to predict; adds nothing to the loss. */
    static final int IGNORED = -1;

    private final short[] tokens;
    private final int batch;
    private final int context;

    /**
     * Lays the windows out.
     *
     * @param tokens  at least two; borrowed
     * @param batch   B, windows in a batch
     * @param context T, tokens in a window
     */
    ValidationWindows(short[] tokens, int batch, int context) {
        if (batch < 1 || context < 1 || tokens.length < 2) {
            throw new IllegalArgumentException("batch %s, context %s, %s tokens; at least 1, 1 and 2 are needed"
                    .formatted(batch, context, tokens.length));
        }
        this.tokens = tokens;
        this.batch = batch;
        this.context = context;
    }

    /** The number of predictions in all batches together, one fewer than there are tokens. */
    int predictions() {
        return tokens.length - 1;
    }

    /** The number of batches; only the last can have ignored places. */
    int batches() {
        return Math.toIntExact(Math.ceilDiv(predictions(), (long) batch * context));
    }

    /**
     * Writes one batch.
     *
     * @param index   0 ≤ index &lt; {@link #batches}
     * @param inputs  B×T, overwritten
     * @param targets B×T, overwritten; {@link #IGNORED} past the end of the text
     * @return how many targets are not ignored, at least 1
     */
    int fill(int index, int[] inputs, int[] targets) {
        if (index < 0 || index >= batches()) {
            throw new IndexOutOfBoundsException("batch %s of %s".formatted(index, batches()));
        }
        Batches.checkLength("inputs", inputs, batch, context);
        Batches.checkLength("targets", targets, batch, context);
        int start = index * batch * context;
        int present = Math.min(inputs.length, predictions() - start);
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = i < present ? tokens[start + i] : 0;
            targets[i] = i < present ? tokens[start + i + 1] : IGNORED;
        }
        return present;
    }
}
