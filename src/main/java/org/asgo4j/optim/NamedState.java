// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.regex.Pattern;

/**
 * The state of a weight with what a file says of it.
 *
 * @param name unique among what is saved together
 * @param description rule and shape, which must agree between a file and what it is loaded into
 */
record NamedState(String name, String description, RuleState state) {
    private static final Pattern DESCRIPTION = Pattern.compile("\\S+ \\d+×\\d+( in row blocks \\[[\\d, ]+\\])?");

    /** The same in every language: files are compared by it. */
    static String describe(Rule rule, RowBlocks blocks, int cols) {
        String cut = blocks.count() == 1 ? "" : " in row blocks " + blocks.sizes();
        return rule.name() + " " + blocks.rows() + "×" + cols + cut;
    }

    /** Whether some optimizer of any rule could say so. */
    static boolean isDescription(String text) {
        return DESCRIPTION.matcher(text).matches();
    }
}
