// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A training step of the GPT in TorchScript: libtorch's fused attention, its autograd, clipping by the norm of all
 * gradients, and AdamW in the operations of {@code torch.optim.AdamW} as it is by default on a CPU. (With {@code
 * fused=True} it has one kernel, which can't be called here: what writes to lists of tensors is dropped from scripts.)
 *
 * <p>Arguments are tokens and targets, B×T; the weights w0, w1, … in the order of {@link #weights}; both moments of
 * each, m0 … and v0 …; the number of steps. All but tokens and targets are updated.
 */
final class TorchGptScript {
    private static final int EMBEDDINGS = 2;
    private static final int LAYER_WEIGHTS = 6;

    /** The same memory, as leaves of the graph: weights themselves could then not be updated in place. */
    private static final String LEAF = """
            p{i} = torch.requires_grad_(torch.detach(w{i}))
            """;

    private static final String EMBEDDING = """
            x = torch.add(torch.embedding(p0, tokens), p1)
            """;

    private static final String LAYER = """
            h = torch.layer_norm(x, [{width}], {norm1}, None, 1e-05, False)
            q, k, v = torch.split(torch.linear(h, {queryKeyValue}), {width}, 2)
            q = torch.transpose(torch.view(q, [{batch}, {context}, {heads}, -1]), 1, 2)
            k = torch.transpose(torch.view(k, [{batch}, {context}, {heads}, -1]), 1, 2)
            v = torch.transpose(torch.view(v, [{batch}, {context}, {heads}, -1]), 1, 2)
            a = torch.transpose(torch.scaled_dot_product_attention(q, k, v, None, 0., True), 1, 2)
            x = torch.add(x, torch.linear(torch.reshape(a, [{batch}, {context}, {width}]), {projection}))
            h = torch.layer_norm(x, [{width}], {norm2}, None, 1e-05, False)
            x = torch.add(x, torch.linear(torch.gelu(torch.linear(h, {expand})), {contract}))
            """;

    private static final String LOSS = """
            h = torch.layer_norm(x, [{width}], {finalNorm}, None, 1e-05, False)
            logits = torch.view(torch.linear(h, p0), [-1, {vocabulary}])
            loss = torch.cross_entropy_loss(logits, torch.view(targets, [-1]))
            gradients = torch.grad([loss], [{leaves}])
            """;

    private static final String GRADIENT = """
            g{i} = unchecked_cast(Tensor, gradients[{i}])
            """;

    private static final String CLIPPING = """
            norm = torch.linalg_vector_norm(torch.stack([{norms}]))
            clip = torch.clamp_max(torch.reciprocal(torch.add(norm, 1e-06)), 1.)
            """;

    /** √(1 − β₂^t) and −η/(1 − β₁^t). */
    private static final String BIAS_CORRECTION = """
            t = float(torch.add_(step, 1))
            root = torch.pow(torch.sub(1., torch.pow(0.99, t)), 0.5)
            rate = torch.div(-{rate}, torch.sub(1., torch.pow(0.9, t)))
            """;

    private static final String ADAMW = """
            c{i} = torch.mul_(g{i}, clip)
            d{i} = torch.mul_(w{i}, {decay})
            a{i} = torch.lerp_(m{i}, c{i}, 0.1)
            b{i} = torch.addcmul_(torch.mul_(v{i}, 0.99), c{i}, c{i}, value=0.01)
            r{i} = torch.add_(torch.div_(torch.sqrt(b{i}), root), 1e-08)
            u{i} = torch.addcdiv_(d{i}, a{i}, r{i}, value=rate)
            """;

    private final GptConfig config;
    private final int batch;
    private final List<GptParameter> weights;

    TorchGptScript(GptParameters parameters, int batch) {
        this.config = parameters.config();
        this.batch = batch;
        this.weights = weights(parameters);
    }

    /** The weights as the script takes them: query, key and value of a layer are one matrix. */
    static List<GptParameter> weights(GptParameters parameters) {
        var all = new ArrayList<>(List.of(parameters.tokenEmbedding(), parameters.positionEmbedding()));
        for (int i = 0; i < parameters.config().layers(); i++) {
            GptParameters.LayerParameters layer = parameters.layer(i);
            all.addAll(List.of(layer.norm1(), layer.queryKeyValue(), layer.projection(), layer.norm2(), layer.expand(),
                    layer.contract()));
        }
        all.add(parameters.finalNorm());
        return all;
    }

    /** All arguments with their type. */
    String parameters() {
        return "tokens: Tensor, targets: Tensor, " + list("w{i}: Tensor") + ", " + list("m{i}: Tensor") + ", "
                + list("v{i}: Tensor") + ", step: Tensor";
    }

    /** A body that returns a list: the loss, then the gradient of each weight. */
    String lossAndGradients() {
        return pass() + "return [torch.detach(loss), " + list("g{i}") + "]\n";
    }

    /**
     * A body that takes a step, and returns the loss before it.
     *
     * @param learningRate η
     * @param weightDecay λ, of matrices
     */
    String step(double learningRate, double weightDecay) {
        return pass() + fill(CLIPPING, "norms", list("torch.linalg_vector_norm(g{i})"))
                + fill(BIAS_CORRECTION, "rate", learningRate)
                + lines(i -> fill(fill(ADAMW, "i", i), "decay",
                        weights.get(i).vector() ? 1 : 1 - learningRate * weightDecay))
                + "return torch.detach(loss)\n";
    }

    private String pass() {
        var text = new StringBuilder(lines(i -> fill(LEAF, "i", i)) + EMBEDDING);
        for (int i = 0; i < config.layers(); i++) text.append(layer(EMBEDDINGS + i * LAYER_WEIGHTS));
        text.append(fill(LOSS, "finalNorm", "p" + (weights.size() - 1), "leaves", list("p{i}")));
        String filled = fill(text.toString(), "width", config.width(), "batch", batch, "context", config.context(),
                "heads", config.heads(), "vocabulary", config.vocabulary());
        return filled + lines(i -> fill(GRADIENT, "i", i));
    }

    private static String layer(int first) {
        String[] names = {"norm1", "queryKeyValue", "projection", "norm2", "expand", "contract"};
        String text = LAYER;
        for (int i = 0; i < LAYER_WEIGHTS; i++) text = fill(text, names[i], "p" + (first + i));
        return text;
    }

    private String lines(IntFunction<String> line) {
        return IntStream.range(0, weights.size()).mapToObj(line).collect(Collectors.joining());
    }

    private String list(String item) {
        return IntStream.range(0, weights.size()).mapToObj(i -> fill(item, "i", i)).collect(Collectors.joining(", "));
    }

    /** With every {@code {name}} replaced by the value behind the name. */
    private static String fill(String template, Object... namesAndValues) {
        String text = template;
        for (int i = 0; i < namesAndValues.length; i += 2) {
            text = text.replace("{" + namesAndValues[i] + "}", namesAndValues[i + 1].toString());
        }
        return text;
    }
}
