// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.training.tracker.Tracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.asgo4j.io.Safetensors;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.optim.Muon;
import org.asgo4j.optim.MuonConfig;
import org.asgo4j.optim.StateMismatchException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The optimizer's state beside DJL's model. */
@NeedsPyTorch
class SavedStateTest {
    private static final long SEED = 5;
    private static final int STEPS = 20;
    private static final int BEFORE = 12;
    private static final int BEGIN = 7;
    private static final String FILE = "optimizer.safetensors";

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private AsgoOptimizer made;
    @TempDir
    private Path folder;

    private AsgoOptimizer.Builder builder(Block block) {
        return AsgoOptimizer.builder().optBlock(block).optBackend(backend).optWeightDecays(0.1f)
                .optLearningRateTracker((Tracker) step -> 0.5f / (step + BEGIN));
    }

    private AsgoOptimizer make(Block block) {
        made = builder(block).optBeginNumUpdate(BEGIN).build();
        return made;
    }

    @Test
    void twentyStepsAreTwelveSavedLoadedAndEight() throws IOException {
        List<float[]> whole;
        try (var run = DigitsTrainer.start(SEED, this::make)) {
            run.train(STEPS);
            whole = weights(run.block);
            made.close();
        }
        try (var run = DigitsTrainer.start(SEED, this::make)) {
            run.train(BEFORE);
            run.saveModel(folder);
            made.save(folder.resolve(FILE));
            assertFalse(Arrays.equals(whole.getFirst(), weights(run.block).getFirst()));
            made.close();
        }
        // The file knows where the count of updates began.
        try (var run = DigitsTrainer.resume(SEED, BEFORE, block -> made = builder(block).build(), folder)) {
            made.load(folder.resolve(FILE));
            run.train(STEPS - BEFORE);
            List<float[]> resumed = weights(run.block);
            for (int i = 0; i < whole.size(); i++) assertArrayEquals(whole.get(i), resumed.get(i), "parameter " + i);
            made.close();
        }
    }

    @Test
    void theFileNamesParametersAsTheBlockDoes() throws IOException {
        try (var run = DigitsTrainer.start(SEED, this::make)) {
            run.train(1);
            made.save(folder.resolve(FILE));
            made.close();
            try (Safetensors file = Safetensors.open(folder.resolve(FILE))) {
                String kept = ", averaged left gram of directions";
                List<String> expected = List.of("asgo 8×9" + kept, "adamw 1×8", "asgo 16×72" + kept, "adamw 1×16",
                        "asgo 32×256" + kept, "adamw 1×32", "asgo 10×32" + kept, "adamw 1×10");
                assertEquals(expected,
                        run.block.getParameters().keys().stream().map(file.metadata()::get).toList());
            }
        }
    }

    @Test
    void aFileOfAnotherRuleIsRefusedAndChangesNothing() throws IOException {
        Path muon = folder.resolve("muon.safetensors");
        try (var run = DigitsTrainer.start(SEED,
                block -> made = builder(block).optRule(new Muon(MuonConfig.published())).build())) {
            run.train(1);
            made.save(muon);
            made.close();
        }
        try (var run = DigitsTrainer.start(SEED, this::make)) {
            run.train(2);
            made.save(folder.resolve("before"));
            var thrown = assertThrows(StateMismatchException.class, () -> made.load(muon));
            assertTrue(thrown.getMessage().contains("'01Conv2d_weight' is muon 8×9 in the file, but asgo 8×9"),
                    thrown.getMessage());
            made.save(folder.resolve("after"));
            made.close();
        }
        assertEquals(-1, Files.mismatch(folder.resolve("before"), folder.resolve("after")));
    }

    /** In the file is what was updated, so that has to gather gradients when the file is loaded. */
    @Test
    void aParameterFrozenAfterUpdatesIsFrozenAgainAfterLoading() throws IOException {
        Block linear = Linear.builder().setUnits(3).build();
        Path after = folder.resolve("after");
        try (NDManager manager = PyTorch.newManager();
                AsgoOptimizer before = builder(linear).build(); AsgoOptimizer fresh = builder(linear).build()) {
            linear.initialize(manager, DataType.FLOAT32, new Shape(2, 5));
            Parameter weight = linear.getParameters().get("weight");
            linear.getParameters().get("bias").freeze(true); // never updated
            before.update(weight.getId(), weight.getArray(), manager.ones(new Shape(3, 5)));
            weight.freeze(true);
            before.save(folder.resolve(FILE));
            assertThrows(StateMismatchException.class, () -> fresh.load(folder.resolve(FILE)));
            weight.freeze(false);
            fresh.load(folder.resolve(FILE));
            weight.freeze(true);
            fresh.save(after);
        }
        assertEquals(-1, Files.mismatch(folder.resolve(FILE), after));
    }

    @Test
    void namesAndArraysAreNeeded() {
        try (var run = DigitsTrainer.start(SEED, block -> made = AsgoOptimizer.builder().optBackend(backend).build())) {
            run.train(1); // works
            refused("save: a file needs the parameters' names", () -> made.save(folder.resolve(FILE)));
            refused("load: a file needs the parameters' names", () -> made.load(folder.resolve(FILE)));
            made.close();
        }
        Block fresh = Linear.builder().setUnits(2).build();
        try (AsgoOptimizer optimizer = builder(fresh).build()) {
            refused("load: parameter 'weight' is not initialized", () -> optimizer.load(folder.resolve(FILE)));
        }
        try (var run = DigitsTrainer.start(SEED, block -> made = builder(fresh).build())) {
            refused("is none of the block that the optimizer was built for", () -> run.train(1));
            made.close();
        }
    }

    private static List<float[]> weights(Block block) {
        return block.getParameters().values().stream().map(each -> each.getArray().toFloatArray()).toList();
    }

    private interface Action {
        void run() throws IOException;
    }

    private static void refused(String part, Action action) {
        var thrown = assertThrows(IllegalStateException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), () -> "'" + thrown.getMessage() + "' lacks '" + part + "'");
    }
}
