// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.RootMethod;
import org.asgo4j.train.OptimizerChoice.Algorithm;
import org.junit.jupiter.api.Test;

/** What a backend changes of a choice: asgo's root, where nobody chose one. */
class OptimizerChoiceTest {

    private static OptimizerChoice asgo(Map<String, String> options) {
        return OptimizerChoice.of(Algorithm.ASGO, 0.01f, options);
    }

    private static AsgoConfig config(OptimizerChoice choice) {
        return ((Asgo) choice.rule(1)).config();
    }

    @Test
    void asgoHasTheRootThatSuitsTheBackend() {
        for (BackendName backend : BackendName.values()) {
            assertEquals(AsgoConfig.defaults(backend), config(asgo(Map.of()).on(backend)), backend.name());
        }
    }

    /** So that config.json has it, and a training goes on with it wherever it is resumed. */
    @Test
    void aRootOtherThanTheUsualIsWrittenDown() {
        assertEquals(Map.of("root", "polar-express"), asgo(Map.of()).on(BackendName.CUDA).options());
        assertEquals(Map.of(), asgo(Map.of()).on(BackendName.OPENBLAS).options());
    }

    @Test
    void whatWasChosenOrIsNeededStays() {
        OptimizerChoice chosen = asgo(Map.of("root", "zolotarev"));
        assertEquals(chosen, chosen.on(BackendName.CUDA));
        OptimizerChoice corrected = asgo(Map.of("eigenvalue-correction", "true"));
        assertEquals(RootMethod.EIGEN, config(corrected.on(BackendName.CUDA)).root().method());
        for (Algorithm algorithm : Algorithm.values()) {
            if (algorithm == Algorithm.ASGO) continue;
            var other = new OptimizerChoice(algorithm, algorithm.defaultLearningRate());
            assertEquals(other, other.on(BackendName.CUDA));
        }
    }
}
