// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.util.HashMap;
import java.util.Map;
import org.asgo4j.train.AsgoChanges;
import picocli.CommandLine.Option;

/** The options that say what differs from a variant of ASGO as it is configured. */
final class AsgoOptions {
    @Option(
            names = "--root", paramLabel = "METHOD",
            description = "how asgo takes its roots: eigen, tridiagonal, zolotarev, polar-express, newton or qr "
                    + "(default: zolotarev for asgo, eigen for asgo-published, and where that does not go with other "
                    + "options)")
    private String root;

    @Option(
            names = "--refresh", paramLabel = "WHEN",
            description = "when asgo takes its roots: N (every N steps), early:N (every step in the first tenth, then "
                    + "every N), adaptive (roots by eigen or qr), or async:N (in the background; not reproducible to "
                    + "the bit) (default: 1)")
    private String refresh;

    @Option(
            names = "--damping", paramLabel = "KIND:X",
            description = "what keeps asgo's roots finite: relative:X (X times the largest eigenvalue, by zolotarev "
                    + "the norm, is added), absolute:X (X is added), pseudo-inverse:X (eigenvalues below X times the "
                    + "largest are left out) or outside-root:X (X is added to their root) (default: relative:1e-6 for "
                    + "asgo, absolute:1e-10 for asgo-published)")
    private String damping;

    @Option(
            names = "--precision", paramLabel = "TYPE",
            description = "of asgo's gram matrices and roots: float32 or float64 (default: float32)")
    private String precision;

    @Option(
            names = "--beta1", paramLabel = "X",
            description = "decay of asgo's momentum, in [0, 1) (default: 0.9)")
    private String beta1;

    @Option(
            names = "--beta2", paramLabel = "X",
            description = "decay of asgo's gram matrices, in [0, 1) (default: 0 for asgo, 0.8 for asgo-published)")
    private String beta2;

    @Option(
            names = "--nesterov", paramLabel = "true|false",
            description = "whether asgo's momentum looks ahead (default: true for asgo, false for asgo-published)")
    private String nesterov;

    @Option(
            names = "--gram-source", paramLabel = "WHAT",
            description = "what asgo's gram matrices gather: gradient or momentum (default: momentum for asgo, "
                    + "gradient for asgo-published)")
    private String gramSource;

    @Option(
            names = "--eigenvalue-correction", paramLabel = "true|false", arity = "0..1", fallbackValue = "true",
            description = "divide by a second moment in the eigenbasis of asgo's gram matrices instead of by their "
                    + "eigenvalues; its decay is --beta2 (default: false)")
    private String eigenvalueCorrection;

    /** All that was given. */
    AsgoChanges changes() {
        Map<String, String> given = new HashMap<>();
        given.put("root", root);
        given.put("refresh", refresh);
        given.put("damping", damping);
        given.put("precision", precision);
        given.put("beta1", beta1);
        given.put("beta2", beta2);
        given.put("nesterov", nesterov);
        given.put("gram-source", gramSource);
        given.put("eigenvalue-correction", eigenvalueCorrection);
        return AsgoChanges.parse(given);
    }
}
