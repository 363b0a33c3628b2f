// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.optim.Wave.Capacity;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which weights are stepped together on a GPU, and which of their roots are one batch. */
class WaveTest {
    private static final AsgoConfig POLAR = AsgoConfig.defaults(BackendName.CUDA);
    private static final AsgoConfig EIGEN = POLAR.withRootMethod(RootMethod.EIGEN);

    @BeforeEach
    void cudaIsThere() {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
    }

    private static Stepped stepped(Backend backend, Arena arena, int number, AsgoConfig config, RowBlocks blocks) {
        int rows = blocks.rows();
        int cols = rows + number; // so that the rows are the shorter side, and shapes differ
        var parameter = new Parameter(
                "w" + number, backend.allocate(arena, rows, cols), backend.allocate(arena, rows, cols), blocks);
        Asgo rule = new Asgo(config);
        return new Stepped(parameter, rule.newSharedState(backend, arena, blocks, cols), 0, rule, number);
    }

    @Test
    void aWaveIsOfOneMethodAndPrecision() {
        List<AsgoConfig> configs = List.of(POLAR, EIGEN, POLAR.withRootPrecision(ElementType.FLOAT64), POLAR, EIGEN,
                EIGEN.withRootPrecision(ElementType.FLOAT64), POLAR, EIGEN);
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            Stepped[] all = new Stepped[configs.size()];
            for (int i = 0; i < all.length; i++) {
                all[i] = stepped(backend, arena, i, configs.get(i), RowBlocks.whole(4));
            }
            Set<Set<Integer>> together = new HashSet<>();
            for (Wave wave : Wave.of(backend, all)) {
                Set<Integer> indices = new HashSet<>();
                for (Stepped each : wave.members) indices.add(Arrays.asList(all).indexOf(each));
                together.add(indices);
            }
            assertEquals(Set.of(Set.of(0, 3, 6), Set.of(1, 4, 7), Set.of(2), Set.of(5)), together);
        }
    }

    /** Seven weights of order 4, 16 elements each: parts of nearly equal length, none above what a stack may hold. */
    @ParameterizedTest
    @CsvSource({"48, 100, 2 2 3", "47, 100, 1 2 2 2", "1000, 3, 2 2 3", "1000, 6, 3 4", "15, 100, 1 1 1 1 1 1 1"})
    void weightsAreSharedOutAmongWavesThatFitAStack(long elements, long matrices, String sizes) {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            Stepped[] all = new Stepped[7];
            for (int i = 0; i < all.length; i++) all[i] = stepped(backend, arena, i, POLAR, RowBlocks.whole(4));
            Wave[] waves = Wave.of(backend, new Capacity(elements, matrices), all);
            assertEquals(sizes, sizes(Arrays.stream(waves).map(wave -> wave.members.length)));
            for (Wave wave : waves) {
                int inBatches = Arrays.stream(wave.batches).mapToInt(RootBatch::count).sum();
                assertEquals(wave.members.length == 1 ? 0 : wave.members.length, inBatches, "roots in batches");
            }
        }
    }

    /** A weight of five blocks of order 3, 9 elements each, and two of order 2, whatever a stack may hold. */
    @ParameterizedTest
    @CsvSource({"18, 100, 1 2 2 2", "35, 100, 2 2 3", "1000, 3, 2 2 3", "1000, 2, 1 2 2 2", "1000, 100, 2 5"})
    void aWeightsBlocksAreCutIntoBatchesThatFitAStack(long elements, long matrices, String sizes) {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            var blocks = new RowBlocks(List.of(3, 2, 3, 3, 2, 3, 3));
            Stepped[] one = {stepped(backend, arena, 0, EIGEN, blocks)};
            Wave[] waves = Wave.of(backend, new Capacity(elements, matrices), one);
            assertEquals(1, waves.length);
            assertEquals(sizes, sizes(Arrays.stream(waves[0].batches).map(RootBatch::count)));
            for (RootBatch batch : waves[0].batches) {
                assertTrue(batch.count() <= matrices);
                assertTrue(batch.count() * batch.order * batch.order <= elements);
            }
        }
    }

    private static String sizes(Stream<Integer> sizes) {
        return String.join(" ", sizes.sorted(Comparator.naturalOrder()).map(String::valueOf).toList());
    }

    /** As documented; and a matrix that is larger than a stack is one all the same. */
    @Test
    void aStackHoldsFourteenMatricesOfOrder768() {
        assertEquals(14, Wave.STACK.of(List.of(768)));
        assertEquals(3, Wave.STACK.of(List.of(1600)));
        assertEquals(1 << 14, Wave.STACK.of(List.of(1)));
        assertEquals(1, Wave.STACK.of(List.of(1 << 16)));
    }
}
