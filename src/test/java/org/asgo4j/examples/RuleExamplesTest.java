// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Damping;
import org.asgo4j.optim.Dasgo;
import org.asgo4j.optim.DasgoConfig;
import org.asgo4j.optim.FourthRoot;
import org.asgo4j.optim.Lion;
import org.asgo4j.optim.LionConfig;
import org.asgo4j.optim.Muon;
import org.asgo4j.optim.MuonConfig;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.Refresh;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.RuleState;
import org.asgo4j.optim.Schedule;
import org.asgo4j.optim.Sgd;
import org.asgo4j.optim.SgdConfig;
import org.asgo4j.optim.Shampoo;
import org.asgo4j.optim.ShampooConfig;
import org.asgo4j.optim.Soap;
import org.asgo4j.optim.SoapConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A group of parameters under each rule, as in the documentation of the rules. */
class RuleExamplesTest {
    private static final int STEPS = 30;

    private final Backend backend = Backends.open();
    private final Arena arena = Arena.ofShared();
    private final Model model = new Model(backend, arena, 24, 64);
    private final List<Parameter> parameters = List.of(Parameter.of("mlp.weight", model.weight, model.gradient));

    @AfterEach
    void close() {
        arena.close();
        backend.close();
    }

    @Test
    void asgo() {
        // @start region="asgo"
        var asgo = new Asgo(AsgoConfig.defaults()); //        or AsgoConfig.published()
        var group = new ParameterGroup("matrices", asgo,
                Schedule.published(AsgoConfig.PUBLISHED_LEARNING_RATE, 2000), // the peak, and the steps in all
                AsgoConfig.PUBLISHED_WEIGHT_DECAY, parameters);
        // @end
        assertLearns(group);
    }

    @Test
    void dasgo() {
        // @start region="dasgo"
        var dasgo = new Dasgo(DasgoConfig.published().withEpsilon(1e-12)); // for gradients below 1e-4
        var group = new ParameterGroup("matrices", dasgo,
                Schedule.published(DasgoConfig.PUBLISHED_LEARNING_RATE, 2000),
                DasgoConfig.PUBLISHED_WEIGHT_DECAY, parameters);
        // @end
        assertLearns(group);
    }

    @Test
    void muon() {
        // @start region="muon"
        var muon = new Muon(MuonConfig.published().withNesterov(true));
        var group = new ParameterGroup("matrices", muon,
                Schedule.published(MuonConfig.PUBLISHED_LEARNING_RATE, 2000),
                MuonConfig.PUBLISHED_WEIGHT_DECAY, parameters);
        // @end
        assertLearns(group);
    }

    @Test
    void shampoo() {
        // @start region="shampoo"
        var shampoo = new Shampoo(ShampooConfig.published()
                .withRoot(FourthRoot.EIGEN) //                the published Newton diverges on a singular matrix
                .withDamping(Damping.relative(1e-6))
                .withRefreshInterval(10));
        var group = new ParameterGroup("matrices", shampoo,
                Schedule.published(ShampooConfig.PUBLISHED_LEARNING_RATE, 2000),
                ShampooConfig.PUBLISHED_WEIGHT_DECAY, parameters);
        // @end
        assertLearns(group);
    }

    @Test
    void soap() {
        // @start region="soap"
        var soap = new Soap(SoapConfig.published().withMaxOrder(4096)); // a longer side gets no basis
        var group = new ParameterGroup("matrices", soap,
                Schedule.published(SoapConfig.PUBLISHED_LEARNING_RATE, 2000),
                SoapConfig.PUBLISHED_WEIGHT_DECAY, parameters);
        // @end
        assertLearns(group);
    }

    @Test
    void adamw() {
        // @start region="adamw"
        var adamw = new AdamW(AdamWConfig.published().withBeta2(0.99));
        var group = new ParameterGroup("vectors", adamw, Schedule.published(6e-3f, 2000), 0, parameters);
        // @end
        assertLearns(group);
    }

    @Test
    void sgd() {
        // @start region="sgd"
        var sgd = new Sgd(SgdConfig.common().withNesterov(true));
        var group = new ParameterGroup("all", sgd, Schedule.constant(0.05f), 0, parameters);
        // @end
        assertLearns(group);
    }

    @Test
    void lion() {
        // @start region="lion"
        var lion = new Lion(LionConfig.published());
        var group = new ParameterGroup("all", lion, Schedule.constant(1e-3f), 0.3f, parameters);
        // @end
        assertLearns(group);
    }

    @Test
    void rule() {
        double before = model.loss();
        // @start region="rule"
        Rule rule = new Asgo(AsgoConfig.defaults());
        RuleState state = rule.newState(backend, arena, 24, 64); // one per weight, in memory of this arena
        for (int step = 0; step < 30; step++) {
            model.backward();
            // weight and gradient are handed in at each call and may lie elsewhere at the next one
            state.step(model.weight, model.gradient, 0.01f, 0.1f); // learning rate, weight decay
        }
        // @end
        assertTrue(state.steps() == STEPS && model.loss() < before, "seed=" + model.seed);
    }

    @Test
    void settle() {
        double before = model.loss();
        // @start region="settle"
        Rule rule = new Asgo(AsgoConfig.defaults().withRefresh(Refresh.asynchronous(1, 10)));
        try (Arena states = Arena.ofShared()) {
            RuleState state = rule.newState(backend, states, 24, 64);
            for (int step = 0; step < 30; step++) {
                model.backward();
                state.step(model.weight, model.gradient, 0.01f, 0.1f);
            }
            state.settle(); // a root may be under way, in memory of the arena
        }
        // @end
        assertTrue(model.loss() < before, "seed=" + model.seed);
    }

    private void assertLearns(ParameterGroup group) {
        double before = model.loss();
        try (Workers workers = new Workers(1);
                Optimizer optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
            for (int step = 0; step < STEPS; step++) {
                model.backward();
                optimizer.step();
            }
        }
        double after = model.loss();
        assertTrue(after < before, () -> "loss went from %s to %s, seed=%s".formatted(before, after, model.seed));
    }
}
