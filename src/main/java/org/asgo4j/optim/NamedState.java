// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The state of a weight with what a file says of it.
 *
 * @param name unique among what is saved together
 * @param description rule, shape, and what the state means, which must agree between a file and what it is loaded into
 */
record NamedState(String name, String description, RuleState state) {
    private static final Pattern DESCRIPTION =
            Pattern.compile("\\S+ \\d+×\\d+( in row blocks \\[[\\d, ]+\\])?(, [a-z ]+)*");

    /** The same in every language: files are compared by it. */
    static String describe(Rule rule, RowBlocks blocks, int cols) {
        boolean cut = blocks.count() > 1 && rule.actsOnBlocks();
        List<Integer> rows = cut ? blocks.sizes() : List.of(blocks.rows());
        String kept = rows.stream().map(each -> rule.kept(each, cols)).filter(each -> !each.isEmpty()).distinct()
                .map(", "::concat).collect(Collectors.joining());
        return rule.name() + " " + blocks.rows() + "×" + cols + (cut ? " in row blocks " + rows : "") + kept;
    }

    /** Whether some optimizer of any rule could say so. */
    static boolean isDescription(String text) {
        return DESCRIPTION.matcher(text).matches();
    }
}
