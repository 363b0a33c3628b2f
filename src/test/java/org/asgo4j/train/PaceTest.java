// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Times of a training that was interrupted: rates are of what came since, what is left of all there was. */
class PaceTest {
    private static final long SECOND = 1_000_000_000L;
    private static final double TOLERANCE = 1e-12;

    @Test
    void ratesOfATrainingThatGoesOnAreOfTheStepsSince() {
        Recipe recipe = TinyTraining.recipe(
                Path.of("words.txt"), List.of(TinyTraining.choice(OptimizerChoice.Algorithm.ADAMW)));
        var pace = new Pace(recipe);
        int step = recipe.steps() / 2;
        pace.resume(new Progress(step, 0, 8 * SECOND, 2 * SECOND, 3 * SECOND, 0));
        int evaluations = step / recipe.evalEvery();
        double left = 8 + 3.0 / evaluations * (recipe.steps() / recipe.evalEvery() - evaluations);
        assertEquals(left, pace.secondsLeft(step), TOLERANCE);

        pace.stepped(SECOND / 2, SECOND / 8);
        assertEquals(8.5, pace.seconds(), TOLERANCE);
        assertEquals(2 * recipe.tokensPerStep(), pace.reported(step + 1), TOLERANCE);
        assertEquals(2 * recipe.tokensPerStep(), pace.shown(step + 1), TOLERANCE);
        assertEquals(2125.0 / (step + 1), pace.optimizerMillis(step + 1), TOLERANCE);
    }
}
