// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.dataset.Batch;
import ai.djl.training.loss.Loss;
import ai.djl.training.tracker.Tracker;
import java.nio.file.Files;
import java.nio.file.Path;
import org.asgo4j.djl.AsgoOptimizer;
import org.asgo4j.djl.NeedsPyTorch;
import org.asgo4j.djl.PyTorch;
import org.asgo4j.djl.Routing;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Muon;
import org.asgo4j.optim.MuonConfig;
import org.asgo4j.optim.Rule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documentation shows of training in DJL. */
@NeedsPyTorch
class DjlExamplesTest {
    private static final int BATCH = 70;

    @TempDir
    private Path folder;

    @Test
    void aModelOfDjlIsTrainedAndSavedWithItsOptimizer() throws Exception {
        PyTorch.engine().setRandomSeed(1);
        Block block = new SequentialBlock()
                .add(Linear.builder().setUnits(32).build())
                .add(Activation.reluBlock())
                .add(Linear.builder().setUnits(Digits.CLASSES).build());
        try (NDManager manager = PyTorch.newManager()) {
            ArrayDataset digits = digits(manager);
            // @start region="train"
            try (Model model = Model.newInstance("digits", "PyTorch");
                    AsgoOptimizer optimizer = AsgoOptimizer.builder()
                            .optBlock(block)
                            .optConfig(AsgoConfig.defaults())
                            .optLearningRateTracker(Tracker.fixed(0.03f))
                            .build()) {
                model.setBlock(block);
                var config = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss()).optOptimizer(optimizer);
                try (Trainer trainer = model.newTrainer(config)) {
                    trainer.initialize(new Shape(BATCH, Digits.PIXELS));
                    for (Batch batch : trainer.iterateDataset(digits)) {
                        EasyTrain.trainBatch(trainer, batch);
                        trainer.step();
                        batch.close();
                    }
                    model.save(folder, "digits");
                    optimizer.save(folder.resolve("optimizer.safetensors")); // load, to go on where this ends
                }
                // @end
                assertTrue(optimizer.copies() == 0 || PyTorch.engine().getGpuCount() > 0, "DJL prefers a GPU");
            }
        }
        assertTrue(Files.size(folder.resolve("optimizer.safetensors")) > 0);
    }

    @Test
    void aRoutingMayFollowTheDefaultButForSomeParameters() {
        Block block = Linear.builder().setUnits(2).build();
        // @start region="routing"
        Rule muon = new Muon(MuonConfig.published());
        Rule adamW = new AdamW(AdamWConfig.published());
        Routing usual = Routing.byNameAndShape(muon, adamW);
        AsgoOptimizer optimizer = AsgoOptimizer.builder()
                .optBlock(block)
                .optRouting((name, shape) -> name.startsWith("05Linear") ? adamW : usual.rule(name, shape))
                .build();
        // @end
        optimizer.close();
    }

    private static ArrayDataset digits(NDManager manager) {
        Digits training = Digits.read().training();
        float[] pixels = new float[training.size() * Digits.PIXELS];
        float[] labels = new float[training.size()];
        for (int i = 0; i < training.size(); i++) {
            for (int j = 0; j < Digits.PIXELS; j++) {
                pixels[i * Digits.PIXELS + j] = (float) training.pixels()[i][j];
            }
            labels[i] = training.labels()[i];
        }
        return new ArrayDataset.Builder()
                .setData(manager.create(pixels, new Shape(labels.length, Digits.PIXELS)))
                .optLabels(manager.create(labels))
                .setSampling(BATCH, true)
                .build();
    }
}
