package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Configurations say what is wrong with a value, and the published one holds the paper's numbers. */
class ConfigTest {

    @Test
    void publishedDefaultsAreThePapers() {
        AsgoConfig config = AsgoConfig.published();
        assertEquals(0.9, config.beta1());
        assertEquals(0.8, config.beta2());
        assertEquals(Damping.absolute(1e-10), config.damping());
        assertEquals(1, config.refreshInterval());
        assertEquals(PreconditionerSide.AUTO, config.side());
        assertEquals(UpdateScaling.RMS, config.scaling());
        assertEquals(new AdamWConfig(0.9, 0.95, 1e-8), AdamWConfig.published());
    }

    @Test
    void badValuesAreNamedWithWhatWasExpected() {
        AsgoConfig config = AsgoConfig.published();
        refused("beta1 must be in [0, 1), got 1.0", () -> config.withBetas(1, 0.8));
        refused("beta2 must be in [0, 1), got NaN", () -> config.withBetas(0.9, Double.NaN));
        refused("refreshInterval must be at least 1 step, got 0", () -> config.withRefreshInterval(0));
        refused("damping value must be finite and at least 0, got -1.0E-6", () -> Damping.relative(-1e-6));
        refused("relative damping must be below 1, got 1.0", () -> Damping.relative(1));
        refused("pseudo-inverse tolerance must be below 1, got 2.0", () -> Damping.pseudoInverse(2));
        refused("epsilon must be finite and at least 0, got Infinity",
                () -> new AdamWConfig(0.9, 0.95, Double.POSITIVE_INFINITY));
        refused("clipNorm must be positive, got 0.0", () -> new OptimizerConfig(0,
                OptimizerConfig.NonFinitePolicy.THROW));
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }
}
