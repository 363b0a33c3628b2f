// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

/** Says what a JSON text holds where something else was expected, and at which byte. */
final class JsonException extends Exception {
    private static final long serialVersionUID = 1L;

    JsonException(String problem) {
        super(problem);
    }
}
