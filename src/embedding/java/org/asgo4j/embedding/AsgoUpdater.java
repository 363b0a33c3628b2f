// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.embedding;

import java.util.Map;
import org.asgo4j.optim.AsgoConfig;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/**
 * ASGO as an updater of a SameDiff training: weights of rank 2 get it, all others AdamW.
 *
 * <p>What ND4J's interface leaves out: an updater gets no weight and no arena, so weight decay stays ND4J's
 * ({@code WeightDecay} as regularization), and state lives until the garbage collector finds it unreachable. It holds
 * state as one vector of a size known from the number of elements alone; ASGO's depends on the shape, so nothing is
 * kept in that vector, and ND4J does not save it with the model. A MultiLayerNetwork hands all parameters of a block to
 * one updater as one long vector: there is no matrix to precondition there, and this becomes AdamW.
 */
final class AsgoUpdater implements IUpdater {
    private static final long serialVersionUID = 1;

    private final transient AsgoConfig config;
    private double learningRate;
    private ISchedule schedule;

    AsgoUpdater(AsgoConfig config, double learningRate) {
        this.config = config;
        this.learningRate = learningRate;
    }

    AsgoConfig config() {
        return config;
    }

    @Override
    public long stateSize(long numParams) {
        return 0;
    }

    @Override
    public GradientUpdater<?> instantiate(INDArray viewArray, boolean initializeViewArray) {
        return new AsgoGradientUpdater(this);
    }

    @Override
    public GradientUpdater<?> instantiate(Map<String, INDArray> updaterState, boolean initializeStateArrays) {
        return new AsgoGradientUpdater(this);
    }

    @Override
    public AsgoUpdater clone() {
        var copy = new AsgoUpdater(config, learningRate);
        copy.schedule = schedule;
        return copy;
    }

    @Override
    public double getLearningRate(int iteration, int epoch) {
        return schedule == null ? learningRate : schedule.valueAt(iteration, epoch);
    }

    @Override
    public boolean hasLearningRate() {
        return true;
    }

    @Override
    public void setLrAndSchedule(double lr, ISchedule lrSchedule) {
        learningRate = lr;
        schedule = lrSchedule;
    }
}
