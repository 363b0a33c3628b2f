// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.optim.RowBlocks.ValueRows;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowBlocksTest {
    private static final long SEED = 41;
    private static final float LEARNING_RATE = 0.1f;

    @ParameterizedTest
    @CsvSource({"8, 8, 4", "8, 2, 4", "8, 1, 4", "1, 1, 1", "64, 8, 128", "12, 12, 64"})
    void stackedQueryKeyValueIsItsThreeParts(int queryHeads, int keyValueHeads, int headSize) {
        RowBlocks query = RowBlocks.heads(queryHeads * headSize, queryHeads);
        RowBlocks key = RowBlocks.heads(keyValueHeads * headSize, keyValueHeads);
        assertEquals(query.then(key).then(RowBlocks.whole(keyValueHeads * headSize)),
                RowBlocks.queryKeyValue(queryHeads, keyValueHeads, headSize, ValueRows.WHOLE));
        assertEquals(query.then(key).then(key),
                RowBlocks.queryKeyValue(queryHeads, keyValueHeads, headSize, ValueRows.PER_HEAD));
    }

    /** Rows labelled as GPT-NeoX, Falcon and Megatron lay them out: no block may hold rows of two heads. */
    @ParameterizedTest
    @CsvSource({"4, 4, 3", "6, 2, 5", "5, 1, 2"})
    void noInterleavedBlockMixesHeads(int queryHeads, int keyValueHeads, int headSize) {
        List<String> rows = new ArrayList<>();
        for (int group = 0; group < keyValueHeads; group++) {
            for (int i = 0; i < queryHeads / keyValueHeads; i++) {
                rows.addAll(Collections.nCopies(headSize, "q" + group + "." + i));
            }
            rows.addAll(Collections.nCopies(headSize, "k" + group));
            rows.addAll(Collections.nCopies(headSize, "v" + group));
        }
        RowBlocks blocks = RowBlocks.interleavedQueryKeyValue(queryHeads, keyValueHeads, headSize);
        assertEquals(rows.size(), blocks.rows());
        int from = 0;
        for (int size : blocks.sizes()) {
            List<String> labels = rows.subList(from, from + size).stream().distinct().toList();
            assertEquals(1, labels.size(), "rows from " + from + ": " + labels);
            from += size;
        }
        assertEquals(rows.stream().distinct().count(), blocks.count(), "and none is cut");
    }

    @Test
    void examples() {
        assertEquals(List.of(64, 64, 64, 64, 128), RowBlocks.queryKeyValue(2, 2, 64, ValueRows.WHOLE).sizes());
        assertEquals(List.of(8, 8, 8, 8, 8, 8, 8, 8),
                RowBlocks.queryKeyValue(4, 2, 8, ValueRows.PER_HEAD).sizes());
        assertEquals(List.of(8, 8, 8, 8, 8, 8), RowBlocks.interleavedQueryKeyValue(2, 2, 8).sizes());
        assertEquals(List.of(11008, 11008), RowBlocks.gateUp(11008).sizes());
        assertEquals(List.of(5), RowBlocks.whole(5).sizes());
    }

    @Test
    void thenKeepsOrderAndLeavesItsParts() {
        RowBlocks a = new RowBlocks(List.of(1, 2));
        RowBlocks b = new RowBlocks(List.of(3));
        assertEquals(List.of(1, 2, 3), a.then(b).sizes());
        assertEquals(List.of(3, 1, 2), b.then(a).sizes());
        assertEquals(a.then(b).then(a), a.then(b.then(a)));
        assertEquals(List.of(1, 2), a.sizes());
    }

    @Test
    void fusedWeightStepsAsItsHeadsDo() {
        Backend backend = Backends.open(BackendName.REFERENCE);
        Random random = new Random(SEED);
        List<double[][]> gradients = List.of(Dense.random(24, 7, random), Dense.random(24, 7, random));
        var rule = new Asgo(AsgoConfig.published());
        RowBlocks blocks = RowBlocks.queryKeyValue(4, 2, 3, ValueRows.WHOLE);
        double[][] fused = Run.weights(backend, rule, gradients, LEARNING_RATE, blocks).getLast();
        int from = 0;
        for (int size : List.of(3, 3, 3, 3, 3, 3, 6)) {
            int first = from;
            List<double[][]> part =
                    gradients.stream().map(g -> Arrays.copyOfRange(g, first, first + size)).toList();
            double[][] alone = Run.lastWeight(backend, rule, part, LEARNING_RATE);
            for (int i = 0; i < size; i++) {
                assertArrayEquals(alone[i], fused[first + i], "row " + (first + i) + " seed=" + SEED);
            }
            from += size;
        }
        assertEquals(24, from);
    }

    @Test
    void badValuesAreNamed() {
        refused("row blocks: there must be at least one", () -> new RowBlocks(List.of()));
        refused("each must have at least 1 row, got [3, 0]", () -> new RowBlocks(List.of(3, 0)));
        refused("they have 2147483648 rows together, a matrix has at most 2147483647",
                () -> RowBlocks.whole(Integer.MAX_VALUE).then(RowBlocks.whole(1)));
        refused("5 heads do not divide 16 rows", () -> RowBlocks.heads(16, 5));
        refused("0 heads do not divide 16 rows", () -> RowBlocks.heads(16, 0));
        refused("queryHeads must be at least 1, got 0", () -> RowBlocks.queryKeyValue(0, 1, 4, ValueRows.WHOLE));
        refused("keyValueHeads must be at least 1, got -2", () -> RowBlocks.interleavedQueryKeyValue(4, -2, 4));
        refused("headSize must be at least 1, got 0", () -> RowBlocks.queryKeyValue(4, 2, 0, ValueRows.PER_HEAD));
        refused("3 keyValueHeads do not divide 8 queryHeads", () -> RowBlocks.interleavedQueryKeyValue(8, 3, 4));
        refused("8 keyValueHeads do not divide 4 queryHeads",
                () -> RowBlocks.queryKeyValue(4, 8, 4, ValueRows.WHOLE));
        refused("3145728 heads of 1024 rows, a matrix has at most 2147483647 rows",
                () -> RowBlocks.queryKeyValue(1 << 20, 1 << 20, 1 << 10, ValueRows.PER_HEAD));
        refused("6442450941 heads of 2147483647 rows", () -> RowBlocks.interleavedQueryKeyValue(
                Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE));
        refused("valueRows must not be null", () -> RowBlocks.queryKeyValue(4, 2, 4, null));
        refused("hidden must be at least 1, got 0", () -> RowBlocks.gateUp(0));
        refused("they have 4294967294 rows together", () -> RowBlocks.gateUp(Integer.MAX_VALUE));
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), () -> "'" + thrown.getMessage() + "' lacks '" + part + "'");
    }
}
