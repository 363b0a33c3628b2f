// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.asgo4j.optim.Rule;

/**
 * Says which rule updates a parameter. Asked once for each parameter.
 *
 * {@snippet file="DjlExamplesTest.java" region="routing"}
 */
@FunctionalInterface
@SuppressWarnings("exports") // see module-info
public interface Routing {

    /**
     * The rule of a parameter. Parameters that share a rule should get the same object, since those of one rule and
     * shape share scratch memory.
     *
     * @param name the parameter's name in its model, such as {@code 02Linear_weight}; without a block
     *     ({@link AsgoOptimizer.Builder#optBlock}) only the array's own, such as {@code weight}, or its id
     * @param shape the parameter's shape
     * @return the rule, not null
     */
    Rule rule(String name, Shape shape);

    /**
     * One rule for {@linkplain #isMatrix matrices}, another for the rest.
     *
     * @param matrices the rule of weights with two sides to precondition
     * @param others the rule of biases, norms and embeddings
     */
    static Routing byNameAndShape(Rule matrices, Rule others) {
        Objects.requireNonNull(matrices, "matrices");
        Objects.requireNonNull(others, "others");
        return (name, shape) -> isMatrix(name, shape) ? matrices : others;
    }

    /**
     * Whether a parameter is a weight matrix or a convolution's kernel: of rank 2 or more, at least 2×2 as the matrix
     * that has the first dimension as its rows, and neither an embedding ("embed" anywhere in its name) nor a bias or a
     * norm's scale or shift ("bias", "gamma" or "beta" in the last part of its name).
     *
     * @param name parts are divided by {@code _}, {@code .} or {@code /}; any case
     * @param shape the parameter's shape
     */
    static boolean isMatrix(String name, Shape shape) {
        if (shape.dimension() < 2 || shape.get(0) < 2 || shape.size() / shape.get(0) < 2) return false;
        String whole = name.toLowerCase(Locale.ROOT);
        String last = whole.substring(Math.max(whole.lastIndexOf('_'),
                Math.max(whole.lastIndexOf('.'), whole.lastIndexOf('/'))) + 1);
        return !whole.contains("embed") && List.of("bias", "gamma", "beta").stream().noneMatch(last::contains);
    }
}
