// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.optim.Accumulation;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Damping;
import org.asgo4j.optim.GramSource;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.PreconditionerSide;
import org.asgo4j.optim.Refresh;
import org.asgo4j.optim.Root;
import org.asgo4j.optim.RootMethod;
import org.asgo4j.optim.RowBlocks;
import org.asgo4j.optim.RowBlocks.ValueRows;
import org.asgo4j.optim.RuleState;
import org.asgo4j.optim.SizeLimit;
import org.asgo4j.optim.UpdateScaling;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What can be chosen about ASGO, as in the documentation of each choice. */
class AsgoExamplesTest {
    private final Backend backend = Backends.open();
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        arena.close();
        backend.close();
    }

    @Test
    void config() {
        // @start region="config"
        AsgoConfig config = AsgoConfig.defaults()
                .withBetas(0.95, 0.5) //                      momentum, gram matrix
                .withDamping(Damping.relative(1e-5))
                .withRefresh(Refresh.every(5));
        // @end
        assertLearns(config);
    }

    @Test
    void root() {
        // @start region="root"
        var root = new Root(RootMethod.EIGEN, ElementType.FLOAT64, Damping.relative(1e-8));
        AsgoConfig exact = AsgoConfig.published().withRoot(root);
        AsgoConfig fast = exact.withRootPrecision(ElementType.FLOAT32).withRootMethod(RootMethod.TRIDIAGONAL);
        // @end
        assertLearns(exact);
        assertLearns(fast);
    }

    @Test
    void damping() {
        // @start region="damping"
        AsgoConfig everyScale = AsgoConfig.published().withDamping(Damping.relative(1e-6)); // 1e-6 of λ_max
        AsgoConfig seenOnly = AsgoConfig.published().withDamping(Damping.pseudoInverse(1e-5));
        // @end
        assertLearns(everyScale);
        assertLearns(seenOnly);
    }

    @Test
    void refresh() {
        // @start region="refresh"
        AsgoConfig sparser = AsgoConfig.published().withRefresh(Refresh.earlyThenEvery(2000, 10));
        AsgoConfig whenNeeded = AsgoConfig.published().withRefresh(Refresh.adaptive());
        AsgoConfig behind = AsgoConfig.published().withRefresh(Refresh.asynchronous(5, 10)); // not bit-exact
        // @end
        assertLearns(sparser);
        assertLearns(whenNeeded);
        assertLearns(behind);
    }

    @Test
    void sizeLimit() {
        // @start region="sizeLimit"
        AsgoConfig blocked = AsgoConfig.defaults().withSizeLimit(new SizeLimit(1024, SizeLimit.Beyond.SPLIT));
        AsgoConfig diagonal = AsgoConfig.defaults().withSizeLimit(new SizeLimit(1024, SizeLimit.Beyond.DIAGONAL));
        // @end
        assertLearns(blocked.withSizeLimit(new SizeLimit(16, blocked.sizeLimit().beyond())));
        assertLearns(diagonal.withSizeLimit(new SizeLimit(16, diagonal.sizeLimit().beyond())));
    }

    @Test
    void side() {
        // @start region="side"
        AsgoConfig outputs = AsgoConfig.defaults().withSide(PreconditionerSide.LEFT); // V = GGᵀ, rows × rows
        // @end
        assertLearns(outputs);
    }

    @Test
    void gram() {
        // @start region="gram"
        AsgoConfig ofGradient = AsgoConfig.defaults().withGramSource(GramSource.GRADIENT).withBetas(0.9, 0.8);
        AsgoConfig algorithm1 = AsgoConfig.theory(1e-8); //   V is a sum: the learning rate need not fall
        assertEquals(Accumulation.SUM, algorithm1.accumulation());
        // @end
        assertLearns(ofGradient);
        assertLearns(algorithm1);
    }

    @Test
    void scaling() {
        // @start region="scaling"
        AsgoConfig likeAdamW = AsgoConfig.defaults(); //      RMS 0.2: learning rates as for AdamW
        AsgoConfig likeMuon = likeAdamW.withScaling(UpdateScaling.ASPECT_RATIO); // √max(1, m/n)
        // @end
        assertEquals(UpdateScaling.RMS, likeAdamW.scaling());
        assertLearns(likeMuon);
    }

    @Test
    void blocks() {
        Model model = new Model(backend, arena, 3 * 64, 64);
        // @start region="blocks"
        RowBlocks heads = RowBlocks.queryKeyValue(4, 4, 16, ValueRows.WHOLE); // 4 heads of 16 rows each
        Parameter attention = Parameter.of("attn.qkv", model.weight, model.gradient).withBlocks(heads);
        // @end
        assertEquals(List.of(16, 16, 16, 16, 16, 16, 16, 16, 64), attention.blocks().sizes());
    }

    private void assertLearns(AsgoConfig config) {
        Model model = new Model(backend, arena, 24, 64);
        double before = model.loss();
        RuleState state = new Asgo(config).newState(backend, arena, 24, 64);
        for (int step = 0; step < 20; step++) {
            model.backward();
            state.step(model.weight, model.gradient, 0.01f, 0);
        }
        assertTrue(model.loss() < before, () -> config + ", seed=" + model.seed);
    }
}
