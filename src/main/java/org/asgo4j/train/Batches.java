// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/**
 * Draws batches of random windows from the training tokens. The sequence is a function of the seed alone, so every
 * machine and every optimizer sees the same batches, and {@link #position} says how far it has come.
 */
final class Batches {
    private final short[] tokens;
    private final int batch;
    private final int context;
    private final Draws draws;

    /**
     * Starts the sequence.
     *
     * @param tokens  at least context + 1 of them; borrowed
     * @param batch   B, windows in a batch
     * @param context T, tokens in a window
     * @param seed    start of the random sequence
     */
    Batches(short[] tokens, int batch, int context, long seed) {
        if (batch < 1 || context < 1 || tokens.length <= context) {
            throw new IllegalArgumentException("batch %s, context %s, %s tokens; 1, 1 and context + 1 are the least"
                    .formatted(batch, context, tokens.length));
        }
        this.tokens = tokens;
        this.batch = batch;
        this.context = context;
        this.draws = new Draws(seed);
    }

    /**
     * Writes the next batch. Row b holds the tokens s … s+T−1 of a random start s, and its target row the tokens s+1 …
     * s+T.
     *
     * @param inputs  B×T, overwritten
     * @param targets B×T, overwritten
     */
    void next(int[] inputs, int[] targets) {
        checkLength("inputs", inputs, batch, context);
        checkLength("targets", targets, batch, context);
        for (int row = 0; row < batch; row++) {
            int start = draws.below(tokens.length - context);
            for (int t = 0; t < context; t++) {
                inputs[row * context + t] = tokens[start + t];
                targets[row * context + t] = tokens[start + t + 1];
            }
        }
    }

    /** Where the sequence is: what {@link #resume} takes. */
    long position() {
        return draws.state();
    }

    /** Goes on from where another sequence over the same tokens was. */
    void resume(long position) {
        draws.restore(position);
    }

    /** Checks that an array holds exactly B×T tokens. */
    static void checkLength(String name, int[] array, int batch, int context) {
        if (array.length != (long) batch * context) {
            throw new IllegalArgumentException("%s has %s entries; batch %s x context %s are needed"
                    .formatted(name, array.length, batch, context));
        }
    }
}
