// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.EighWorkspace;

/**
 * An update rule: how a gradient changes a weight. A rule is a value without state; {@link #newState} makes the state
 * of one weight, which is stepped with the weight and gradient handed in at that call. A host framework whose buffers
 * move uses this level; {@link Optimizer} is built on it.
 *
 * {@snippet file="RuleExamplesTest.java" region="rule"}
 */
public abstract sealed class Rule permits Asgo, Dasgo, Muon, Shampoo, Soap, AdamW, Sgd, Lion {

    Rule() {}

    /** The name of the rule in the literature, in lower case, such as {@code asgo}. */
    public abstract String name();

    /** The hyper-parameters. */
    public abstract Record config();

    /** Rules of one kind with equal hyper-parameters are equal. */
    @Override
    public final boolean equals(Object other) {
        return other instanceof Rule rule && rule.getClass() == getClass() && rule.config().equals(config());
    }

    @Override
    public final int hashCode() {
        return config().hashCode();
    }

    /** Its name and its hyper-parameters. */
    @Override
    public final String toString() {
        return name() + " " + config();
    }

    /**
     * New state, all zeros, of one weight of {@code rows × cols}, with a workspace of its own.
     *
     * @param backend does the arithmetic
     * @param arena owns the state's memory, which is freed with it; where roots are asynchronous after {@link
     *     RuleState#settle}
     * @throws IllegalArgumentException if a gram matrix would be of an order above {@link EighWorkspace#MAX_ORDER} and
     *     is to be decomposed; no memory has been taken
     */
    public final RuleState newState(Backend backend, Arena arena, int rows, int cols) {
        require(rows >= 1 && cols >= 1, "newState: weight is %s×%s, must be at least 1×1", rows, cols);
        return newState(backend, arena, RowBlocks.whole(rows), cols);
    }

    /**
     * New state, all zeros, of one weight whose row blocks are preconditioned each on its own, with a workspace of its
     * own.
     *
     * @param backend does the arithmetic
     * @param arena owns the state's memory, which is freed with it; where roots are asynchronous after {@link
     *     RuleState#settle}
     * @param blocks the weight's rows
     * @param cols the weight's columns
     * @throws IllegalArgumentException as {@link #newState(Backend, Arena, int, int)} does
     */
    public final RuleState newState(Backend backend, Arena arena, RowBlocks blocks, int cols) {
        require(backend != null, "newState: backend must not be null");
        require(arena != null, "newState: arena must not be null");
        require(blocks != null, "newState: row blocks must not be null");
        require(cols >= 1, "newState: weight has %s columns, must have at least 1", cols);
        requireOrders("weight", blocks, cols);
        RuleState state = newSharedState(backend, arena, blocks, cols);
        var workspace = new Workspace(backend);
        state.reserve(workspace);
        workspace.allocate(arena);
        state.own(workspace);
        return state;
    }

    /** New state that is stepped with a worker's workspace. */
    final RuleState newSharedState(Backend backend, Arena arena, RowBlocks blocks, int cols) {
        return blocks.count() == 1 || !actsOnBlocks()
                ? create(backend, arena, blocks.rows(), cols)
                : BlockedState.ofRows(backend, this, arena, blocks, cols);
    }

    /**
     * Refuses a weight of which LAPACK can't decompose a gram matrix, before the gigabytes for it are taken.
     *
     * @param name of the weight in the message
     */
    final void requireOrders(String name, RowBlocks blocks, int cols) {
        for (int rows : blocks.sizes()) {
            require(decomposedOrder(rows, cols) <= EighWorkspace.MAX_ORDER,
                    "%s of %s×%s has a gram matrix of order %s under %s, but LAPACK decomposes orders up to %s. Give "
                            + "it to a rule without roots, such as AdamW, or leave that side out: AsgoConfig.withSide "
                            + "or withSizeLimit, SoapConfig.withMaxOrder",
                    name, rows, cols, decomposedOrder(rows, cols), name(), EighWorkspace.MAX_ORDER);
        }
    }

    /** The largest order of a gram matrix of such a weight that is to be decomposed; 0 for a rule without any. */
    int decomposedOrder(int rows, int cols) {
        return 0;
    }

    /**
     * What its state is of where the configuration decides on it, in lower-case words: a state of something else must
     * not be taken for it. Empty where there is nothing to decide.
     */
    String kept(int rows, int cols) {
        return "";
    }

    /** Whether row blocks change what this rule does; an elementwise rule ignores them. */
    abstract boolean actsOnBlocks();

    abstract RuleState create(Backend backend, Arena arena, int rows, int cols);

    /** An estimate of the floating-point operations of one step, to put the largest first. */
    abstract double cost(int rows, int cols);
}
