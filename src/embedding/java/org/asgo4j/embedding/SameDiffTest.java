// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.embedding;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.asgo4j.linalg.Backends;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** SameDiff trains a small network with ASGO as its updater. */
class SameDiffTest {
    private static final int EXAMPLES = 64;
    private static final int IN = 12;
    private static final int HIDDEN = 20;
    private static final int OUT = 5;
    private static final int EPOCHS = 200;
    private static final double LEARNING_RATE = 0.03;

    /** Before ND4J loads its OpenBLAS, whose functions this class loader would find instead of asgo4j's own. */
    @BeforeAll
    static void loadFirst() {
        Backends.open().close();
    }

    @Test
    void trainsANetworkWithAsgo() {
        long seed = Seeds.next();
        double[] losses = train(new AsgoUpdater(AsgoConfig.defaults(), LEARNING_RATE), seed);
        assertTrue(losses[1] < losses[0] / 10, () -> losses[0] + " → " + losses[1] + ", seed=" + seed);
        double[] without = train(new Sgd(0), seed);
        assertTrue(without[1] == without[0], "the updater is what trains");
    }

    /** The loss before and after. */
    private static double[] train(IUpdater updater, long seed) {
        Nd4j.getRandom().setSeed(seed);
        INDArray inputs = Nd4j.randn(DataType.FLOAT, EXAMPLES, IN);
        INDArray targets = Nd4j.randn(DataType.FLOAT, EXAMPLES, OUT);
        SameDiff net = SameDiff.create();
        SDVariable x = net.placeHolder("x", DataType.FLOAT, EXAMPLES, IN);
        SDVariable y = net.placeHolder("y", DataType.FLOAT, EXAMPLES, OUT);
        SDVariable w1 = net.var("w1", Nd4j.randn(DataType.FLOAT, IN, HIDDEN).muli(0.3));
        SDVariable b1 = net.var("b1", Nd4j.zeros(DataType.FLOAT, HIDDEN));
        SDVariable w2 = net.var("w2", Nd4j.randn(DataType.FLOAT, HIDDEN, OUT).muli(0.3));
        SDVariable out = net.math.tanh(x.mmul(w1).add(b1)).mmul(w2);
        net.loss.meanSquaredError("loss", y, out, null);
        net.setLossVariables("loss");
        net.setTrainingConfig(TrainingConfig.builder().updater(updater).dataSetFeatureMapping("x")
                .dataSetLabelMapping("y").build());
        var data = new DataSet(inputs, targets);
        double first = loss(net, data);
        for (int epoch = 0; epoch < EPOCHS; epoch++) net.fit(data);
        return new double[] {first, loss(net, data)};
    }

    private static double loss(SameDiff net, DataSet data) {
        return net.output(Map.of("x", data.getFeatures(), "y", data.getLabels()), "loss").get("loss")
                .getDouble(0);
    }
}
