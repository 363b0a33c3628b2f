// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtModel;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.asgo4j.bench.TorchScript;
import org.asgo4j.djl.PyTorch;
import org.asgo4j.linalg.Matrix;

/**
 * The GPT trained with AdamW by libtorch, with the MKL and oneDNN in it, through DJL. A step is one script ({@link
 * TorchGptScript}), so nothing of Python or Java stands between its operations. Weights are copies of ours at first.
 *
 * <p>It has a thread of its own to call libtorch, which sets autograd and MKL's number of threads for the thread that
 * calls it: on ours it would set the products of our own MKL to its threads.
 */
final class TorchTraining implements AutoCloseable {
    private static final int MOMENTS = 2;

    /** Tokens and targets. */
    private static final int INPUTS = 2;

    /** The number of steps beside them. */
    private static final int OTHER_ARGUMENTS = INPUTS + 1;

    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final NDManager manager = PyTorch.newManager();
    private final NDList arguments = new NDList();
    private PtModel gradients; // null where loading failed
    private PtModel step;

    /**
     * Copies the weights.
     *
     * @param threads that libtorch computes with
     */
    TorchTraining(GptParameters parameters, int batch, int threads, double learningRate, double weightDecay) {
        try {
            run(() -> setThreads(threads));
            var script = new TorchGptScript(parameters, batch);
            gradients = load(script.parameters(), "List[Tensor]", script.lossAndGradients());
            step = load(script.parameters(), "Tensor", script.step(learningRate, weightDecay));
            addArguments(parameters, batch);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void addArguments(GptParameters parameters, int batch) {
        var tokens = new Shape(batch, parameters.config().context());
        arguments.add(manager.zeros(tokens, DataType.INT64));
        arguments.add(manager.zeros(tokens, DataType.INT64));
        List<GptParameter> weights = TorchGptScript.weights(parameters);
        for (GptParameter each : weights) arguments.add(manager.create(elements(each.weight()), shape(each)));
        for (int i = 0; i < MOMENTS; i++) {
            for (GptParameter each : weights) arguments.add(manager.zeros(shape(each)));
        }
        arguments.add(manager.zeros(new Shape()));
    }

    private static Void setThreads(int threads) {
        JniUtils.setGradMode(true);
        JniUtils.setNumThreads(threads);
        int actual = JniUtils.getNumThreads();
        if (actual == threads) return null;
        throw new IllegalStateException("libtorch runs %d threads, asked for %d".formatted(actual, threads));
    }

    private <T> T run(Callable<T> call) {
        try {
            return thread.submit(call).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static float[] elements(Matrix matrix) {
        return matrix.segment().toArray(ValueLayout.JAVA_FLOAT);
    }

    private static Shape shape(GptParameter parameter) {
        Matrix weight = parameter.weight();
        return parameter.vector() ? new Shape(weight.cols()) : new Shape(weight.rows(), weight.cols());
    }

    private static PtModel load(String parameters, String result, String body) {
        var model = (PtModel) Model.newInstance("function", "PyTorch");
        try {
            model.load(new ByteArrayInputStream(TorchScript.archive(parameters, result, body)), false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (MalformedModelException e) {
            throw new IllegalStateException("libtorch refuses " + body, e);
        }
        return model;
    }

    /** PyTorch's. */
    static String version() {
        return PyTorch.engine().getVersion();
    }

    /** The batch that the next calls see: copied, as PyTorch's loops copy theirs. */
    void read(int[] inputs, int[] targets) {
        arguments.get(0).set(LongBuffer.wrap(Arrays.stream(inputs).asLongStream().toArray()));
        arguments.get(1).set(LongBuffer.wrap(Arrays.stream(targets).asLongStream().toArray()));
    }

    /** The loss, and the gradients of the script's weights. */
    List<float[]> lossAndGradients() {
        return run(() -> {
            try (NDList results = call(gradients)) {
                return results.stream().map(NDArray::toFloatArray).toList();
            }
        });
    }

    /** The script's weights, copied. */
    List<float[]> weights() {
        int count = (arguments.size() - OTHER_ARGUMENTS) / (1 + MOMENTS);
        return arguments.subList(INPUTS, INPUTS + count).stream().map(NDArray::toFloatArray).toList();
    }

    /** A step; the loss before it. */
    float step() {
        return run(() -> {
            try (NDList results = call(step)) {
                return results.head().getFloat();
            }
        });
    }

    private NDList call(PtModel model) {
        return model.getBlock().forward(new ParameterStore(manager, false), arguments, true);
    }

    @Override
    public void close() {
        thread.close();
        if (step != null) step.close();
        if (gradients != null) gradients.close();
        manager.close();
    }
}
