// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.nio.charset.StandardCharsets;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/** Argument checks of this package. */
final class Checks {

    private Checks() {}

    /** Throws an {@link IllegalArgumentException} with the formatted message unless {@code condition} holds. */
    static void require(boolean condition, String message, Object... values) {
        if (!condition) throw new IllegalArgumentException(message.formatted(values));
    }

    /**
     * Throws unless a file of states can hold a weight's under this name: found now, and not at the first save.
     *
     * @param role what is named, such as {@code parameter name}
     */
    static void name(String role, String name) {
        require(name != null && !name.isBlank(), "%s must not be blank", role);
        require(!name.startsWith("/"), "%s '%s' begins with '/', which files keep for the optimizer", role, name);
        require(StandardCharsets.UTF_8.newEncoder().canEncode(name), "%s '%s' has half of a surrogate pair", role,
                name);
    }

    /**
     * Throws unless {@code m} holds float32 and may be read, and written if {@code written}, by this backend and thread
     * now: before a step changes anything, where the operations would find it half-way.
     *
     * @param role names it in the message, such as {@code weight 'h.0.attn'}
     */
    static void usable(Backend backend, String role, Matrix m, boolean written) {
        if (m.isOnDevice() && backend.name() != BackendName.CUDA) {
            throw new IllegalArgumentException("%s (%s) lies in device memory, which backend %s can't reach"
                    .formatted(role, m.shape(), backend.name()));
        }
        if (m.type() != ElementType.FLOAT32) {
            throw new IllegalArgumentException("%s holds %s, must hold FLOAT32".formatted(role, m.type()));
        }
        if (written && m.segment().isReadOnly()) {
            throw new IllegalArgumentException("memory of %s (%s) is read-only, but it is written"
                    .formatted(role, m.shape()));
        }
        if (!m.segment().scope().isAlive()) {
            throw new IllegalStateException("memory of %s (%s) is closed".formatted(role, m.shape()));
        }
        if (!m.segment().isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("memory of %s (%s) is confined to another thread; this is '%s'"
                    .formatted(role, m.shape(), Thread.currentThread().getName()));
        }
    }

    /** Throws unless {@code value} is finite and at least 0. Boxes nothing: this runs at every step. */
    static void finiteRate(String name, float value) {
        if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be finite and at least 0, got " + value);
        }
    }
}
