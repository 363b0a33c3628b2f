// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import java.util.stream.IntStream;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Dasgo;
import org.asgo4j.optim.DasgoConfig;
import org.asgo4j.optim.Muon;
import org.asgo4j.optim.MuonConfig;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.Sgd;
import org.asgo4j.optim.SgdConfig;

/** The rules that are compared, each with the learning rates it may choose from. */
public enum Contender {
    /** ASGO as this library recommends it: a root at every step. */
    ASGO("ASGO", new Asgo(AsgoConfig.defaults()), 3e-3f, 7),
    /** The same with half the roots. */
    ASGO_EVERY_2("ASGO, a root every 2 steps", new Asgo(AsgoConfig.defaults().withRefreshInterval(2)), 3e-3f, 7),
    /** ASGO as published. */
    ASGO_PUBLISHED("ASGO as published", new Asgo(AsgoConfig.published()), 3e-3f, 7),
    /** DASGO as published. */
    DASGO("DASGO", new Dasgo(DasgoConfig.published()), 3e-3f, 7),
    /** Muon as its author has it, with Nesterov's look-ahead. */
    MUON("Muon", new Muon(MuonConfig.published().withNesterov(true)), 3e-3f, 7),
    /** AdamW, β 0.9 and 0.95. */
    ADAMW("AdamW", new AdamW(AdamWConfig.published()), 3e-3f, 7),
    /** SGD with momentum 0.9. */
    SGD("SGD", new Sgd(SgdConfig.common()), 1e-2f, 11);

    /** The steps of a grid. */
    private static final float[] TWO_IN_A_DECADE = {1, 10f / 3};
    private static final double DECADE = 10;

    private final String label;
    private final Rule rule;
    private final float smallestRate;
    private final int rates;

    Contender(String label, Rule rule, float smallestRate, int rates) {
        this.label = label;
        this.rule = rule;
        this.smallestRate = smallestRate;
        this.rates = rates;
    }

    /** The name for people. */
    public String label() {
        return label;
    }

    /** What the matrices are stepped with. */
    public Rule rule() {
        return rule;
    }

    /** The learning rates to choose from, ascending. */
    public List<Float> learningRates() {
        return IntStream.range(0, rates).mapToObj(this::learningRate).toList();
    }

    private float learningRate(int place) {
        double decades = Math.pow(DECADE, place / TWO_IN_A_DECADE.length);
        return (float) (smallestRate * TWO_IN_A_DECADE[place % TWO_IN_A_DECADE.length] * decades);
    }
}
