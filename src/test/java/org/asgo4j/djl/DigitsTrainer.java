// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Function;
import org.asgo4j.examples.Digits;

/** Trains a small convolutional network on handwritten digits with DJL, one batch at a time. */
final class DigitsTrainer implements AutoCloseable {
    private static final String NAME = "digits";
    private static final int BATCH = 64;
    private static final Shape KERNEL = new Shape(3, 3);
    private static final int FILTERS = 8;
    private static final int MORE_FILTERS = 16;
    private static final int HIDDEN = 32;
    private static final Digits DIGITS = Digits.read().training();

    final Block block = new SequentialBlock()
            .add(Conv2d.builder().setKernelShape(KERNEL).setFilters(FILTERS).build())
            .add(Activation.reluBlock())
            .add(Conv2d.builder().setKernelShape(KERNEL).setFilters(MORE_FILTERS).build())
            .add(Activation.reluBlock())
            .add(Blocks.batchFlattenBlock())
            .add(Linear.builder().setUnits(HIDDEN).build())
            .add(Activation.reluBlock())
            .add(Linear.builder().setUnits(Digits.CLASSES).build());
    private final Model model = Model.newInstance(NAME, Device.cpu(), "PyTorch");
    private final Trainer trainer;
    private final Random order;

    /**
     * @param seed of the first weights and of the order of images
     * @param optimizer made for the block
     */
    static DigitsTrainer start(long seed, Function<Block, Optimizer> optimizer) {
        PyTorch.engine().setRandomSeed((int) seed);
        return new DigitsTrainer(seed, optimizer, null);
    }

    /**
     * Goes on where a run of the same seed has saved its model.
     *
     * @param steps how many it took
     */
    static DigitsTrainer resume(long seed, int steps, Function<Block, Optimizer> optimizer, Path saved) {
        var trainer = new DigitsTrainer(seed, optimizer, saved);
        trainer.order.ints((long) BATCH * steps, 0, DIGITS.size()).forEach(image -> {});
        return trainer;
    }

    private DigitsTrainer(long seed, Function<Block, Optimizer> optimizer, Path saved) {
        order = new Random(seed);
        model.setBlock(block);
        try {
            if (saved != null) model.load(saved);
        } catch (IOException | MalformedModelException e) {
            throw new AssertionError(e);
        }
        trainer = model.newTrainer(new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                .optOptimizer(optimizer.apply(block)).optDevices(new Device[] {Device.cpu()}));
        trainer.initialize(new Shape(BATCH, 1, Digits.SIDE, Digits.SIDE));
    }

    /** Takes steps, each with images drawn at random. */
    void train(int steps) {
        for (int step = 0; step < steps; step++) {
            try (NDManager batch = trainer.getManager().newSubManager()) {
                int[] images = order.ints(BATCH, 0, DIGITS.size()).toArray();
                try (GradientCollector collector = trainer.newGradientCollector()) {
                    collector.backward(loss(batch, images));
                }
                trainer.step();
            }
        }
    }

    private NDArray loss(NDManager manager, int[] images) {
        float[] pixels = new float[images.length * Digits.PIXELS];
        float[] labels = new float[images.length];
        for (int i = 0; i < images.length; i++) {
            double[] image = DIGITS.pixels()[images[i]];
            for (int j = 0; j < Digits.PIXELS; j++) pixels[i * Digits.PIXELS + j] = (float) image[j];
            labels[i] = DIGITS.labels()[images[i]];
        }
        NDArray data = manager.create(pixels, new Shape(images.length, 1, Digits.SIDE, Digits.SIDE));
        return trainer.getLoss().evaluate(new NDList(manager.create(labels)), trainer.forward(new NDList(data)));
    }

    /** The mean loss over all training images. */
    double loss() {
        try (NDManager manager = trainer.getManager().newSubManager()) {
            int[] all = new int[DIGITS.size()];
            for (int i = 0; i < all.length; i++) all[i] = i;
            return loss(manager, all).getFloat();
        }
    }

    /** Saves the weights into a folder, as DJL does. */
    void saveModel(Path folder) throws IOException {
        model.save(folder, NAME);
    }

    @Override
    public void close() {
        trainer.close();
        model.close();
    }
}
