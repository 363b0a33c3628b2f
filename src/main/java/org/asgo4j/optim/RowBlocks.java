package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.util.Collections;
import java.util.List;

/**
 * The rows of a weight cut into consecutive blocks that are preconditioned each on its own, as the paper does per head
 * of query and key: a d×d weight of H heads has H blocks of d/H rows, and roots of order d/H instead of d.
 *
 * @param sizes the number of rows of each block, from the top; each at least 1
 */
public record RowBlocks(List<Integer> sizes) {

    /** Checks the sizes. */
    public RowBlocks {
        sizes = List.copyOf(sizes);
        require(!sizes.isEmpty(), "row blocks: there must be at least one");
        for (int size : sizes) require(size >= 1, "row blocks: each must have at least 1 row, got %s", sizes);
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

    /** The number of blocks. */
    public int count() {
        return sizes.size();
    }

    /** The number of rows of all blocks together. */
    public long rows() {
        return sizes.stream().mapToLong(Integer::longValue).sum();
    }
}
