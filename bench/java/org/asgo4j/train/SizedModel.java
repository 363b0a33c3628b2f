// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/** The models that are measured: what is trained, and what a step of it sees. */
public enum SizedModel {
    /** For tests: every path of a step, nothing of its cost. */
    TINY(new GptConfig(65, 2, 2, 32, 16), 4),
    /** The training job's default, 804,096 parameters with the 65 characters of tiny Shakespeare. */
    L4X128(new GptConfig(65, 4, 4, 128, 64), 12),
    /** NanoGPT's character-level model. */
    L6X384(new GptConfig(65, 6, 6, 384, 256), 16),
    /** GPT-2 small, its vocabulary padded as NanoGPT pads it. */
    L12X768(new GptConfig(50304, 12, 12, 768, 64), 4);

    private final GptConfig config;
    private final int batch;

    SizedModel(GptConfig config, int batch) {
        this.config = config;
        this.batch = batch;
    }

    GptConfig config() {
        return config;
    }

    /** B, sequences of a step. */
    int batch() {
        return batch;
    }

    /** Tokens of a step. */
    int tokens() {
        return batch * config.context();
    }
}
