// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.train.OptimizerChoice.Algorithm;

/** Trainings of some milliseconds on a text of some hundred characters, with the reference backend and no pictures. */
final class TinyTraining {
    static final int STEPS = 20;
    static final int CHECKPOINT_EVERY = 3;
    static final int KEPT = 2;

    /** Training is interrupted behind this step; the newest checkpoint is then that of step 12. */
    static final int INTERRUPTED = 13;

    private static final Training.Pictures NO_PICTURES = (_, _, _) -> {};

    private TinyTraining() {}

    /** Writes the text. */
    static Path corpus(Path file) throws IOException {
        var random = new Random(1);
        var text = new StringBuilder();
        for (int i = 0; i < 600; i++) text.append((char) ('a' + random.nextInt(1 + i % 9)));
        return Files.writeString(file, text);
    }

    static OptimizerChoice choice(Algorithm algorithm) {
        return new OptimizerChoice(algorithm, algorithm.defaultLearningRate());
    }

    static Recipe recipe(Path data, List<OptimizerChoice> optimizers) {
        return new Recipe(data, Optional.empty(), optimizers, ScheduleShape.COSINE, STEPS, 2, 6, 1, 2, 8, 42, 2);
    }

    static TrainConfig config(Path data, List<OptimizerChoice> optimizers, Path out) {
        return new TrainConfig(recipe(data, optimizers), out, 1, CHECKPOINT_EVERY, KEPT);
    }

    static List<TrainOutcome> train(TrainConfig config, TrainListener listener) throws IOException {
        return train(config, listener, NO_PICTURES);
    }

    static List<TrainOutcome> train(TrainConfig config, TrainListener listener, Training.Pictures pictures)
            throws IOException {
        try (Backend backend = Backends.open(BackendName.REFERENCE)) {
            return new Training(config, backend, listener, pictures).run();
        }
    }

    static List<TrainOutcome> resume(Path run) throws IOException {
        return resume(run, SavedRun.open(run).config().recipe(), new Silence());
    }

    /** Resumes with a recipe that has other paths. */
    static List<TrainOutcome> resume(Path run, Recipe recipe, TrainListener listener) throws IOException {
        SavedRun saved = SavedRun.open(run);
        var config = new TrainConfig(recipe, run, 1, CHECKPOINT_EVERY, KEPT);
        try (Backend backend = Backends.open(BackendName.REFERENCE)) {
            return new Training(config, backend, listener, NO_PICTURES).resume(saved);
        }
    }

    /** Begins a training and stops it while one of its optimizers trains. */
    static void interrupt(TrainConfig config, Algorithm victim) {
        assertThrows(Interruption.class, () -> train(config, new Silence() {
            private String optimizer;

            @Override
            public void begun(String label, float learningRate) {
                optimizer = label;
            }

            @Override
            public void validating(int step, int steps) {
                if (optimizer.equals(victim.label()) && step > INTERRUPTED) throw new Interruption();
            }
        }));
    }

    /** Stops a training as soon as it has passed a step, which no process outlives better than by an error. */
    private static final class Interruption extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Hears nothing. */
    static class Silence implements TrainListener {
        @Override
        public void prepared(String corpus, String model, String backend) {}

        @Override
        public void begun(String optimizer, float learningRate) {}

        @Override
        public void progress(
                int step,
                int steps,
                double trainLoss,
                OptionalDouble validationLoss,
                double tokensPerSecond,
                double secondsLeft) {}

        @Override
        public void finished(TrainResult result) {}

        @Override
        public void failed(TrainFailure failure) {}
    }
}
