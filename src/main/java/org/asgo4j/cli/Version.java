// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import picocli.CommandLine.IVersionProvider;

/** Knows this program's version: the one its jar's module descriptor has, which is there on the class path too. */
final class Version implements IVersionProvider {
    private static final String MODULE = "org.asgo4j";
    private static final String UNKNOWN = "development";

    @Override
    public String[] getVersion() {
        return new String[] {"asgo4j " + number()};
    }

    /** The version's number; "development" if the classes are not in a jar of their own. */
    static String number() {
        try {
            Path location = Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            return ModuleFinder.of(location)
                    .find(MODULE)
                    .flatMap(module -> module.descriptor().rawVersion())
                    .orElse(UNKNOWN);
        } catch (URISyntaxException | FindException e) {
            return UNKNOWN;
        }
    }
}
