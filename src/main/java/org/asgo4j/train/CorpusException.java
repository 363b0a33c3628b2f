// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/** A corpus can't be trained on; the message is one line that names the source and says what is needed. */
public final class CorpusException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CorpusException(String problem) {
        super(problem);
    }

    CorpusException(String problem, Throwable cause) {
        super(problem, cause);
    }
}
