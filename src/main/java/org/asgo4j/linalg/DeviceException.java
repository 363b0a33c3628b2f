// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/**
 * Thrown when a GPU, its driver or one of its libraries failed. The message names the call, the library's own name for
 * the failure and its explanation. A failure that a queued operation caused shows at a later call, which then names the
 * operations that it may have been. After most of these the process can't use the GPU any more.
 *
 * {@snippet file="FailureExamplesTest.java" region="device"}
 */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DeviceException(String message) {
        super(message);
    }
}
