// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/**
 * Says which option of the JVM grants native access. Without it JDK 24 and later warn at the first restricted call, and
 * refuse it with {@code --illegal-native-access=deny}, which a later JDK makes the default (JEP 472).
 */
final class NativeAccess {
    private NativeAccess() {}

    /** The error for a refused call: what it was for, and the option in terms of how this library is loaded. */
    static IllegalCallerException denied(String purpose, IllegalCallerException cause) {
        Module module = NativeAccess.class.getModule();
        return new IllegalCallerException("asgo4j may not %s: start java with --enable-native-access=%s"
                .formatted(purpose, module.isNamed() ? module.getName() : "ALL-UNNAMED"), cause);
    }
}
