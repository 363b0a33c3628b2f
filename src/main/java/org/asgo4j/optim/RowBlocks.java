// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The rows of a weight cut into consecutive blocks that are preconditioned each on its own, as the paper does per head
 * of query and key: a d×d weight of H heads has H blocks of d/H rows, and roots of order d/H instead of d.
 *
 * <p>A weight is out×in, as PyTorch's Linear holds it: rows are outputs. Some frameworks hold in×out (GPT-2's Conv1D,
 * Flax); there heads are columns, which no row block describes. What a layout is, only its model knows:
 *
 * <table>
 * <caption>Layouts, H query heads and G key/value heads of s rows each</caption>
 * <tr><th>rows from the top</th><th>examples</th><th>blocks</th></tr>
 * <tr><td>heads of one of q, k, v</td><td>Llama's q_proj</td><td>{@code heads(H·s, H)}</td></tr>
 * <tr><td>all q, all k, all v</td><td>nanoGPT's c_attn, Phi-3's and vLLM's qkv_proj</td>
 *     <td>{@code queryKeyValue(H, G, s, …)}</td></tr>
 * <tr><td>q, k, v of head 0, q, k, v of head 1, …</td><td>GPT-NeoX, BLOOM, Megatron</td>
 *     <td>{@code interleavedQueryKeyValue(H, H, s)}</td></tr>
 * <tr><td>H/G query heads, their k, their v, …</td><td>Falcon, InternLM2</td>
 *     <td>{@code interleavedQueryKeyValue(H, G, s)}</td></tr>
 * <tr><td>gate, then up</td><td>Phi-3's gate_up_proj</td><td>{@code gateUp(h)}</td></tr>
 * </table>
 *
 * {@snippet file="AsgoExamplesTest.java" region="blocks"}
 *
 * @param sizes the number of rows of each block, from the top; each at least 1
 */
public record RowBlocks(List<Integer> sizes) {

    /** Checks the sizes. */
    public RowBlocks {
        sizes = List.copyOf(sizes);
        require(!sizes.isEmpty(), "row blocks: there must be at least one");
        for (int size : sizes) require(size >= 1, "row blocks: each must have at least 1 row, got %s", sizes);
        checkTotal(sizes.stream().mapToLong(Integer::longValue).sum());
    }

    /** How the value rows of an attention weight are cut. */
    public enum ValueRows {
        /** All in one block, as the paper has it: only query and key are cut per head. */
        WHOLE,
        /** One block per key/value head. */
        PER_HEAD
    }

    /** One block: the whole weight of {@code rows} rows. */
    public static RowBlocks whole(int rows) {
        return new RowBlocks(List.of(rows));
    }

    /**
     * Equal blocks, one per head.
     *
     * @throws IllegalArgumentException if {@code heads} does not divide {@code rows}
     */
    public static RowBlocks heads(int rows, int heads) {
        require(heads >= 1 && rows % heads == 0, "row blocks: %s heads do not divide %s rows", heads, rows);
        return new RowBlocks(Collections.nCopies(heads, rows / heads));
    }

    /**
     * A fused attention weight of all query rows, then all key rows, then all value rows; query and key are cut per
     * head. With {@code keyValueHeads = queryHeads} this is plain multi-head attention, with fewer grouped-query
     * attention, with 1 multi-query attention.
     *
     * @param queryHeads H
     * @param keyValueHeads G, a divisor of H
     * @param headSize rows of one head of q, k or v
     * @param valueRows how the G·headSize value rows are cut
     * @return H + G blocks of {@code headSize} rows and then those of the value rows
     */
    public static RowBlocks queryKeyValue(int queryHeads, int keyValueHeads, int headSize, ValueRows valueRows) {
        checkHeads(queryHeads, keyValueHeads, headSize);
        require(valueRows != null, "row blocks: valueRows must not be null");
        RowBlocks queryKey = new RowBlocks(Collections.nCopies(queryHeads + keyValueHeads, headSize));
        int rows = keyValueHeads * headSize;
        return queryKey.then(valueRows == ValueRows.WHOLE ? whole(rows) : heads(rows, keyValueHeads));
    }

    /**
     * A fused attention weight of one group after the other: the H/G query heads that share a key/value head, then that
     * head's key rows, then its value rows. With {@code keyValueHeads = queryHeads} these are q, k and v of each head
     * in turn. The value rows don't follow each other, so they are cut per head too.
     *
     * @param queryHeads H
     * @param keyValueHeads G, a divisor of H
     * @param headSize rows of one head of q, k or v
     * @return H + 2G blocks of {@code headSize} rows; the same list as of the other layout with values per head
     */
    public static RowBlocks interleavedQueryKeyValue(int queryHeads, int keyValueHeads, int headSize) {
        checkHeads(queryHeads, keyValueHeads, headSize);
        return new RowBlocks(Collections.nCopies(queryHeads + 2 * keyValueHeads, headSize));
    }

    /**
     * The fused input weight of a gated MLP (SwiGLU, GeGLU): all gate rows and all up rows, in either order. A weight
     * whose gate and up rows alternate has no such blocks.
     *
     * @param hidden rows of the gate, and of up
     * @return two blocks of {@code hidden} rows
     */
    public static RowBlocks gateUp(int hidden) {
        require(hidden >= 1, "row blocks: hidden must be at least 1, got %s", hidden);
        return new RowBlocks(List.of(hidden, hidden));
    }

    /** These blocks and below them {@code next}: what two weights stacked into one have. */
    public RowBlocks then(RowBlocks next) {
        List<Integer> all = new ArrayList<>(sizes);
        all.addAll(next.sizes);
        return new RowBlocks(all);
    }

    private static void checkHeads(int queryHeads, int keyValueHeads, int headSize) {
        require(queryHeads >= 1, "row blocks: queryHeads must be at least 1, got %s", queryHeads);
        require(keyValueHeads >= 1, "row blocks: keyValueHeads must be at least 1, got %s", keyValueHeads);
        require(headSize >= 1, "row blocks: headSize must be at least 1, got %s", headSize);
        require(queryHeads % keyValueHeads == 0, "row blocks: %s keyValueHeads do not divide %s queryHeads",
                keyValueHeads, queryHeads);
        long heads = queryHeads + 2L * keyValueHeads;
        require(heads <= Integer.MAX_VALUE / headSize, "row blocks: %s heads of %s rows, a matrix has at most %s rows",
                heads, headSize, Integer.MAX_VALUE);
    }

    private static void checkTotal(long rows) {
        require(rows <= Integer.MAX_VALUE, "row blocks: they have %s rows together, a matrix has at most %s", rows,
                Integer.MAX_VALUE);
    }

    /** The number of blocks. */
    public int count() {
        return sizes.size();
    }

    /** The number of rows of all blocks together. */
    public int rows() {
        return sizes.stream().mapToInt(Integer::intValue).sum();
    }
}
