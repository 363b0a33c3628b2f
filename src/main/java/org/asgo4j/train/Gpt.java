// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.asgo4j.kernel.Kernels;
import org.asgo4j.kernel.LayerKernels;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;

/**
 * The published GPT on batches of one size: pre-norm, exact GELU, no bias, learned positions, tied head. Owns the
 * activations of a whole batch, freed by {@link #close}; borrows parameters, backend and workers.
 *
 * <p>A step has three parts, each shared out over the workers: weights are transposed; chunks of whole sequences run
 * forward and backward without waiting for each other; weight gradients are formed over the whole batch. Neither the
 * chunks nor the order of any sum depend on the number of workers, so results are the same bits for any number of them.
 * After construction nothing is allocated on the Java heap. One thread at a time.
 */
final class Gpt implements AutoCloseable {
    /**
     * The most tokens in a chunk. Smaller chunks share out more evenly, larger ones read the weights less often. One
     * worker, T = 64, ms per step with chunks of 1, 2, 3 and 6 sequences: 46.1, 39.6, 39.6, 41.0 (Xeon with AVX-512).
     */
    private static final int CHUNK_TOKENS = 128;

    /** Rows of logits begin on cache lines: a multiple of this many floats. */
    private static final int LINE = 16;

    private final Arena arena = Arena.ofShared();
    private final Backend backend;
    private final Kernels kernels;
    private final LayerKernels layerKernels;
    private final Workers workers;
    private final GptConfig config;
    private final int batch;
    private final int chunkSequences;
    private final Tokens tokens;
    private final Matrix logits;
    private final List<Linear> linears = new ArrayList<>();
    private final List<ChunkPass> chunks = new ArrayList<>();
    private final List<GradientTask> gradientTasks;
    private final double[] losses;
    private final Workers.Task refresh = this::refresh;
    private final Workers.Task forwardBackward = this::forwardBackward;
    private final Workers.Task forward = this::forward;
    private final Workers.Task gradient = this::gradient;
    private int predictions;

    /**
     * Allocates for batches of {@code batch} sequences.
     *
     * @throws IllegalArgumentException if {@code batch} is less than 1
     */
    Gpt(Backend backend, Workers workers, GptParameters parameters, int batch) {
        this(
                backend, workers, parameters, batch, chunkSequences(batch, parameters.config().context()),
                Kernels.best(), LayerKernels.best());
    }

    /** With {@code chunkSequences} sequences in each chunk, a divisor of {@code batch}, and a choice of kernels. */
    Gpt(
            Backend backend,
            Workers workers,
            GptParameters parameters,
            int batch,
            int chunkSequences,
            Kernels kernels,
            LayerKernels layerKernels) {
        this.backend = backend;
        this.kernels = kernels;
        this.layerKernels = layerKernels;
        this.workers = workers;
        this.batch = batch;
        this.chunkSequences = chunkSequences;
        config = parameters.config();
        losses = new double[batch / chunkSequences];
        try {
            int count = Math.multiplyExact(batch, config.context());
            tokens = new Tokens(arena, config.vocabulary(), count);
            int stride = Math.ceilDiv(config.vocabulary(), LINE) * LINE;
            logits = backend.allocateHost(arena, count, stride).colBlock(0, config.vocabulary());
            gradientTasks = build(parameters).largestFirst();
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** The largest divisor of {@code batch} that keeps a chunk within {@link #CHUNK_TOKENS}, or 1. */
    private static int chunkSequences(int batch, int context) {
        if (batch < 1) throw new IllegalArgumentException("batch must be at least 1, got " + batch);
        int sequences = Math.clamp(CHUNK_TOKENS / context, 1, batch);
        while (batch % sequences != 0) sequences--;
        return sequences;
    }

    /** Allocates activations, makes every pass and the weight gradients' tasks. */
    private WeightGradients build(GptParameters parameters) {
        int chunkCount = losses.length;
        int count = batch * config.context();
        var gradients = new WeightGradients(kernels);
        var head = new Linear(backend, kernels, arena, parameters.tokenEmbedding());
        List<LayerWeights> weights = new ArrayList<>();
        List<LayerActivations> saved = new ArrayList<>();
        List<LayerPass.Stream> streams = new ArrayList<>(List.of(stream(count)));
        for (int i = 0; i < config.layers(); i++) {
            weights.add(LayerWeights.of(backend, kernels, arena, parameters.layer(i)));
            saved.add(LayerActivations.allocate(backend, arena, config, batch, chunkCount));
            streams.add(stream(count));
            linears.addAll(weights.get(i).linears());
            addGradients(gradients, weights.get(i), saved.get(i), streams.get(i + 1), parameters.layer(i));
        }
        linears.add(head);
        NormActivations norm = NormActivations.allocate(backend, arena, count, config.width(), chunkCount);
        gradients.addGain(norm.gainGradient(), parameters.finalNorm().gradient());
        Matrix embedded = streams.getFirst().gradient();
        gradients.addTiedEmbedding(
                head, logits, norm.output(), tokens, embedded, parameters.tokenEmbedding().gradient());
        gradients.addPositions(embedded, parameters.positionEmbedding().gradient());
        for (int i = 0; i < chunkCount; i++) chunks.add(chunk(i, parameters, head, weights, saved, streams, norm));
        return gradients;
    }

    private LayerPass.Stream stream(int count) {
        return new LayerPass.Stream(
                backend.allocateHost(arena, count, config.width()), backend.allocateHost(arena, count, config.width()));
    }

    private static void addGradients(
            WeightGradients gradients,
            LayerWeights weights,
            LayerActivations saved,
            LayerPass.Stream output,
            GptParameters.LayerParameters parameters) {
        gradients.add(weights.queryKeyValue(), saved.queryKeyValueGradient(), saved.norm1().output());
        gradients.add(weights.projection(), saved.middleGradient(), saved.mixed());
        gradients.add(weights.expand(), saved.expanded(), saved.norm2().output());
        gradients.add(weights.contract(), output.gradient(), saved.activated());
        gradients.addGain(saved.norm1().gainGradient(), parameters.norm1().gradient());
        gradients.addGain(saved.norm2().gainGradient(), parameters.norm2().gradient());
    }

    private ChunkPass chunk(
            int index,
            GptParameters parameters,
            Linear head,
            List<LayerWeights> weights,
            List<LayerActivations> saved,
            List<LayerPass.Stream> streams,
            NormActivations norm) {
        int chunkCount = losses.length;
        ChunkScratch scratch = ChunkScratch.allocate(backend, arena, config, chunkSequences * config.context());
        List<LayerPass> layers = new ArrayList<>();
        List<LayerPass> predictingLayers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            LayerPass.Stream input = streams.get(i).chunk(index, chunkCount);
            LayerPass.Stream output = streams.get(i + 1).chunk(index, chunkCount);
            layers.add(new LayerPass(
                    backend, layerKernels, config, weights.get(i), saved.get(i).chunk(index, chunkCount), scratch,
                    input, output));
            // Nothing is kept, so that every layer writes over what the first one left in the cache.
            predictingLayers.add(new LayerPass(
                    backend, layerKernels, config, weights.get(i), saved.getFirst().chunk(index, chunkCount), scratch,
                    input, output));
        }
        return new ChunkPass(
                backend, kernels, layerKernels, parameters, head, tokens, index, layers, predictingLayers,
                LayerActivations.part(streams.getFirst().value(), index, chunkCount),
                streams.getLast().chunk(index, chunkCount), norm.chunk(index), scratch.normGradient(),
                LayerActivations.part(logits, index, chunkCount));
    }

    /**
     * The mean loss over a batch, and the gradients of all parameters in {@link GptParameters}, overwritten.
     *
     * @param inputs B·T token ids, sequence after sequence
     * @param targets B·T token ids, those that follow the inputs
     * @throws IllegalArgumentException if an array is too short or a token is not in the vocabulary
     */
    double forwardBackward(int[] inputs, int[] targets) {
        setTokens(inputs, targets, batch * config.context());
        refreshWeights();
        workers.run(losses.length, forwardBackward);
        workers.run(gradientTasks.size(), gradient);
        return meanLoss(losses.length);
    }

    /**
     * The mean loss over the first {@code count} tokens of a batch, without gradients. Adding the means of several
     * calls, weighted by their counts, gives the loss over a longer text.
     *
     * @param inputs at least {@code count} token ids, sequence after sequence; the last sequence may be cut short
     * @param targets at least {@code count} token ids, those that follow the inputs
     * @param count tokens to predict, 1 … B·T
     * @throws IllegalArgumentException if count is out of range, an array too short or a token not in the vocabulary
     */
    double loss(int[] inputs, int[] targets, int count) {
        refreshWeights();
        return lossOfSameWeights(inputs, targets, count);
    }

    /** As {@link #loss}, with the weights of the last call of any method; saves transposing them, 6 % of a call. */
    double lossOfSameWeights(int[] inputs, int[] targets, int count) {
        int capacity = batch * config.context();
        if (count < 1 || count > capacity) {
            throw new IllegalArgumentException("tokens must be in [1, %d], got %d".formatted(capacity, count));
        }
        setTokens(inputs, targets, count);
        int used = Math.ceilDiv(count, chunkTokens());
        workers.run(used, forward);
        return meanLoss(used);
    }

    /**
     * The logits of the token after {@code length} tokens, 1×V; a view that the next call overwrites.
     *
     * @param inputs token ids
     * @param length how many of them to read, 1 … T
     * @throws IllegalArgumentException if length is out of range or a token is not in the vocabulary
     */
    Matrix logits(int[] inputs, int length) {
        if (length < 1 || length > config.context()) {
            throw new IllegalArgumentException("length must be in [1, %d], got %d".formatted(config.context(), length));
        }
        tokens.setInputs(inputs, length);
        refreshWeights();
        chunks.getFirst().predict();
        return logits.rowBlock(length - 1, 1);
    }

    GptConfig config() {
        return config;
    }

    private void setTokens(int[] inputs, int[] targets, int count) {
        predictions = count;
        tokens.setInputs(inputs, count);
        tokens.setTargets(targets, count);
    }

    private void refreshWeights() {
        workers.run(linears.size(), refresh);
    }

    private void refresh(int task, int worker) {
        linears.get(task).refresh();
    }

    private void forwardBackward(int chunk, int worker) {
        chunks.get(chunk).forward();
        losses[chunk] = chunks.get(chunk).backward(1f / (batch * config.context()));
    }

    private void forward(int chunk, int worker) {
        chunks.get(chunk).predict();
        losses[chunk] = chunks.get(chunk).loss(Math.min(chunkTokens(), predictions - chunk * chunkTokens()));
    }

    private void gradient(int task, int worker) {
        gradientTasks.get(task).action().run();
    }

    private int chunkTokens() {
        return chunkSequences * config.context();
    }

    /** Summed in the order of the chunks. */
    private double meanLoss(int used) {
        double sum = 0;
        for (int i = 0; i < used; i++) sum += losses[i];
        return sum / predictions;
    }

    /** Frees the activations. */
    @Override
    public void close() {
        arena.close();
    }
}
