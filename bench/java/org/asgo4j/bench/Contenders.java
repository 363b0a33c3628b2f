// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.asgo4j.linalg.BackendName;

/** The contenders on the class path: ours, and the peers where the profile {@code bench} has added them. */
public final class Contenders {
    /** Those that compute in this computer's memory, where the operands are. */
    private static final List<BackendName> OURS = List.of(
            BackendName.OPENBLAS, BackendName.REFERENCE, BackendName.MKL);

    private Contenders() {}

    /** All of them, ours first. */
    public static List<Contender> all() {
        List<Contender> all = new ArrayList<>();
        for (BackendName name : OURS) all.add(new BackendContender(name));
        ServiceLoader.load(Contender.class).forEach(all::add);
        return all;
    }

    /**
     * The contender of that name.
     *
     * @throws IllegalArgumentException if there is none; the message lists those that there are
     */
    public static Contender named(String name) {
        List<Contender> all = all();
        return all.stream().filter(contender -> contender.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no implementation '%s'; there are %s"
                        .formatted(name, all.stream().map(Contender::name).toList())));
    }
}
