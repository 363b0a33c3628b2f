// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.HashMap;
import java.util.Map;
import org.asgo4j.linalg.Matrix;

/**
 * The model written down once more, straight from its formulas: float64 arrays, loops over positions, nothing shared
 * with the code under test. Its weights are a copy, so that a test can move one of them.
 */
final class Float64Gpt {
    private static final double EPSILON = 1e-5;

    private final GptConfig config;
    private final Map<String, double[][]> weights = new HashMap<>();

    Float64Gpt(GptParameters parameters) {
        config = parameters.config();
        for (GptParameter parameter : parameters.all()) weights.put(parameter.name(), array(parameter.weight()));
    }

    static double[][] array(Matrix m) {
        double[][] values = new double[m.rows()][m.cols()];
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j < m.cols(); j++) values[i][j] = m.get(i, j);
        }
        return values;
    }

    double[][] weight(String name) {
        return weights.get(name);
    }

    /** The mean loss over the sequences, each of T tokens. */
    double loss(int[] inputs, int[] targets) {
        double sum = 0;
        for (int from = 0; from < inputs.length; from += config.context()) {
            double[][] logits = logits(inputs, from);
            for (int t = 0; t < logits.length; t++) sum += crossEntropy(logits[t], targets[from + t]);
        }
        return sum / inputs.length;
    }

    /** T×V for the sequence that begins at {@code from}. */
    double[][] logits(int[] inputs, int from) {
        double[][] x = new double[config.context()][config.width()];
        for (int t = 0; t < x.length; t++) {
            add(x[t], weight("transformer.token_emb.weight")[inputs[from + t]]);
            add(x[t], weight("transformer.pos_emb.weight")[t]);
        }
        for (int i = 0; i < config.layers(); i++) {
            String prefix = "transformer.h." + i + ".";
            addAll(x, attention(prefix + "attn.", norm(x, prefix + "ln_1.weight")));
            double[][] hidden = linear(norm(x, prefix + "ln_2.weight"), prefix + "mlp.c_fc.weight");
            for (double[] row : hidden) {
                for (int j = 0; j < row.length; j++) row[j] = row[j] / 2 * (1 + erf(row[j] / Math.sqrt(2)));
            }
            addAll(x, linear(hidden, prefix + "mlp.c_proj.weight"));
        }
        return linear(norm(x, "transformer.ln_f.weight"), "transformer.token_emb.weight");
    }

    private double[][] attention(String prefix, double[][] x) {
        double[][] query = linear(x, prefix + "to_q.weight");
        double[][] key = linear(x, prefix + "to_k.weight");
        double[][] value = linear(x, prefix + "to_v.weight");
        double[][] mixed = new double[x.length][config.width()];
        int width = config.width() / config.heads();
        for (int head = 0; head < config.heads(); head++) {
            for (int t = 0; t < x.length; t++) attend(query[t], key, value, mixed[t], t, head * width, width);
        }
        return linear(mixed, prefix + "c_proj.weight");
    }

    private static void attend(
            double[] query, double[][] key, double[][] value, double[] mixed, int t, int from, int width) {
        double[] weight = new double[t + 1];
        double total = 0;
        for (int s = 0; s <= t; s++) {
            double score = 0;
            for (int j = from; j < from + width; j++) score += query[j] * key[s][j];
            weight[s] = Math.exp(score / Math.sqrt(width));
            total += weight[s];
        }
        for (int s = 0; s <= t; s++) {
            for (int j = from; j < from + width; j++) mixed[j] += weight[s] / total * value[s][j];
        }
    }

    private double[][] norm(double[][] x, String gain) {
        double[] factors = weight(gain)[0];
        double[][] y = new double[x.length][factors.length];
        for (int t = 0; t < x.length; t++) {
            double mean = 0;
            double variance = 0;
            for (double value : x[t]) mean += value / factors.length;
            for (double value : x[t]) variance += (value - mean) * (value - mean) / factors.length;
            for (int j = 0; j < factors.length; j++) {
                y[t][j] = factors[j] * (x[t][j] - mean) / Math.sqrt(variance + EPSILON);
            }
        }
        return y;
    }

    private double[][] linear(double[][] x, String name) {
        double[][] weight = weight(name);
        double[][] y = new double[x.length][weight.length];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < weight.length; i++) {
                double sum = 0;
                for (int j = 0; j < x[t].length; j++) sum += weight[i][j] * x[t][j];
                y[t][i] = sum;
            }
        }
        return y;
    }

    static double crossEntropy(double[] logits, int target) {
        double total = 0;
        for (double logit : logits) total += Math.exp(logit - logits[target]);
        return Math.log(total);
    }

    /** Maclaurin series below 3, where its alternating terms still leave 13 digits; 1 − erfc beyond. */
    private static double erf(double x) {
        double size = Math.abs(x);
        double value = size < 3 ? series(size) : 1 - tail(size);
        return Math.copySign(value, x);
    }

    private static double series(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-18; n++) {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    /** erfc(x) as a continued fraction from its end. */
    private static double tail(double x) {
        double fraction = x;
        for (int n = 60; n >= 1; n--) fraction = x + n / 2.0 / fraction;
        return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
    }

    private static void add(double[] to, double[] from) {
        for (int j = 0; j < to.length; j++) to[j] += from[j];
    }

    private static void addAll(double[][] to, double[][] from) {
        for (int t = 0; t < to.length; t++) add(to[t], from[t]);
    }
}
