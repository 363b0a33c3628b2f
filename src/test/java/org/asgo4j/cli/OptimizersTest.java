package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.asgo4j.train.OptimizerChoice;
import org.asgo4j.train.OptimizerChoice.Algorithm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What --optimizer and --learning-rate mean together. */
class OptimizersTest {

    @Test
    void withoutRatesEachHasItsDefault() {
        assertEquals(
                List.of(
                        new OptimizerChoice(Algorithm.ADAMW, Algorithm.ADAMW.defaultLearningRate()),
                        new OptimizerChoice(Algorithm.ASGO, Algorithm.ASGO.defaultLearningRate())),
                Optimizers.parse("adamw, asgo", null));
    }

    @Test
    void oneNumberIsForAll() {
        assertEquals(
                List.of(new OptimizerChoice(Algorithm.ASGO, 0.5f), new OptimizerChoice(Algorithm.ADAMW, 0.5f)),
                Optimizers.parse("asgo,adamw", "0.5"));
    }

    @Test
    void pairsMayLeaveSomeOut() {
        assertEquals(
                List.of(
                        new OptimizerChoice(Algorithm.ASGO, Algorithm.ASGO.defaultLearningRate()),
                        new OptimizerChoice(Algorithm.ADAMW, 0.25f)),
                Optimizers.parse("asgo,adamw", "adamw = 0.25"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "asgo,|0.5|unknown optimizer ''",
                "asgo|asgo=|can't read ''",
                "asgo|asgo=1=2|can't read 'asgo=1=2'",
                "asgo|asgo=1,asgo=2|given twice",
                "asgo,adamw|asgo=0.1,0.2|can't read '0.2' in",
                "asgo,adamw|0.1,asgo=0.2|can't read '0.1' in",
                "asgo|adamw=0.1|doesn't name",
                "asgo|-1|finite and positive",
                "asgo|asgo=1,|can't read ''",
                "asgo|NaN|finite and positive",
                "asgo|1e99|finite and positive",
                "asgo|lion=1|unknown optimizer 'lion'",
            })
    void malformedOnesAreRefused(String names, String rates, String expected) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> Optimizers.parse(names, rates));
        assertTrue(refusal.getMessage().contains(expected), refusal::getMessage);
    }
}
