// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.lang.foreign.Arena;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What PyTorch's tensors look like from outside: views where they are contiguous, copies where not. */
@NeedsPyTorch
class TensorMemoryTest {
    private static final float SENTINEL = 12345;
    private final NDManager manager = PyTorch.newManager();
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void free() {
        manager.close();
        arena.close();
    }

    @Test
    void aContiguousTensorIsAViewInBothDirections() {
        NDArray tensor = manager.arange(12f).reshape(3, 4);
        TensorMemory memory = TensorMemory.of(tensor, 3, 4, arena);
        assertTrue(memory.view());
        assertEquals(7, memory.matrix().get(1, 3));
        memory.matrix().set(1, 3, SENTINEL);
        assertEquals(SENTINEL, tensor.getFloat(1, 3), "the engine sees what we write");
        tensor.set(new NDIndex("2, 0"), -SENTINEL);
        assertEquals(-SENTINEL, memory.matrix().get(2, 0), "we see what the engine writes");
    }

    @Test
    void aPartOfATensorIsAViewOfThatPart() {
        NDArray tensor = manager.arange(12f).reshape(3, 4);
        TensorMemory memory = TensorMemory.of(tensor.get("1:3"), 2, 4, arena);
        assertTrue(memory.view());
        memory.matrix().set(0, 0, SENTINEL);
        assertEquals(SENTINEL, tensor.getFloat(1, 0));
    }

    @Test
    void aTensorThatIsNotContiguousIsCopiedInItsOwnOrder() {
        NDArray tensor = manager.arange(12f).reshape(3, 4);
        TensorMemory memory = TensorMemory.of(tensor.transpose(), 4, 3, arena);
        assertFalse(memory.view());
        assertEquals(7, memory.matrix().get(3, 1));
        memory.matrix().set(3, 1, SENTINEL);
        assertEquals(7, tensor.getFloat(1, 3));
    }

    @Test
    void aCopyIsWrittenBackInPlace() {
        NDArray tensor = manager.arange(12f).reshape(3, 4);
        NDArray transposed = tensor.transpose();
        TensorMemory memory = TensorMemory.of(transposed, 4, 3, arena);
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 3; j++) memory.matrix().set(i, j, 10 * i + j);
        }
        memory.writeTo(transposed);
        // Whoever else holds the memory, such as a tied weight, sees it too.
        assertArrayEquals(new float[] {0, 10, 20, 30, 1, 11, 21, 31, 2, 12, 22, 32}, tensor.toFloatArray());
    }

    /** PyTorch's switch for recording gradients is per thread: DJL turns it off in the one that started the engine. */
    @Test
    void aWeightThatGathersGradientsIsWrittenFromAnyThread() throws Exception {
        NDArray weight = manager.ones(new Shape(2, 3));
        weight.setRequiresGradient(true);
        TensorMemory memory = TensorMemory.of(weight.stopGradient().transpose(), 3, 2, arena);
        memory.matrix().set(2, 1, SENTINEL);
        try (var executor = Executors.newSingleThreadExecutor()) {
            executor.submit(() -> memory.writeTo(weight.transpose())).get();
        }
        assertEquals(SENTINEL, weight.getFloat(1, 2));
        assertTrue(weight.hasGradient());
    }

    @Test
    void theSentinelTellsAViewFromACopyAndLeavesNoTrace() {
        NDArray tensor = manager.arange(6f).reshape(2, 3);
        float[] before = tensor.toFloatArray();
        assertTrue(TensorMemory.of(tensor, 2, 3, arena).isSeenBy(tensor));
        assertFalse(TensorMemory.of(tensor.transpose(), 3, 2, arena).isSeenBy(tensor));
        assertArrayEquals(before, tensor.toFloatArray());
    }

    @Test
    void whatTheEngineMakesForACopyIsFreedWithTheScope() {
        NDArray transposed = manager.arange(12f).reshape(3, 4).transpose();
        int before = manager.getManagedArrays().size();
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            assertFalse(TensorMemory.of(transposed, 4, 3, arena).view());
            assertTrue(manager.getManagedArrays().size() > before, "the engine makes none: the scope is not needed");
        }
        assertEquals(before, manager.getManagedArrays().size());
    }

    @Test
    void zeroReplacesWhatIsNotFinite() {
        NDArray tensor = manager.create(new float[] {Float.NaN, Float.POSITIVE_INFINITY, 3, -0f}, new Shape(2, 2));
        TensorMemory.zero(tensor.transpose());
        assertArrayEquals(new float[4], tensor.toFloatArray());
    }

    @Test
    void aTensorOnAGpuIsCopiedThereAndBack() {
        try (NDManager gpu = PyTorch.newGpuManager()) {
            NDArray tensor = gpu.arange(12f).reshape(3, 4);
            TensorMemory memory = TensorMemory.of(tensor, 3, 4, arena);
            assertFalse(memory.view());
            assertEquals(7, memory.matrix().get(1, 3));
            memory.matrix().set(1, 3, SENTINEL);
            memory.writeTo(tensor);
            assertEquals(SENTINEL, tensor.getFloat(1, 3));
            assertTrue(tensor.getDevice().isGpu());
        }
    }

    @Test
    void aTooSmallTensorIsRefused() {
        NDArray tensor = manager.ones(new Shape(2, 2));
        assertThrows(IllegalArgumentException.class, () -> TensorMemory.of(tensor, 2, 3, arena));
    }
}
