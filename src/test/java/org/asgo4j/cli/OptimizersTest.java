package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.asgo4j.optim.RootMethod;
import org.asgo4j.train.OptimizerChoice;
import org.asgo4j.train.OptimizerChoice.Algorithm;
import org.asgo4j.train.RefreshChoice;
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
                parse("adamw, asgo", null));
    }

    @Test
    void oneNumberIsForAll() {
        assertEquals(
                List.of(new OptimizerChoice(Algorithm.ASGO, 0.5f), new OptimizerChoice(Algorithm.ADAMW, 0.5f)),
                parse("asgo,adamw", "0.5"));
    }

    @Test
    void pairsMayLeaveSomeOut() {
        assertEquals(
                List.of(
                        new OptimizerChoice(Algorithm.ASGO, Algorithm.ASGO.defaultLearningRate()),
                        new OptimizerChoice(Algorithm.ADAMW, 0.25f)),
                parse("asgo,adamw", "adamw = 0.25"));
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
                "asgo|lions=1|unknown optimizer 'lions'; there are asgo, asgo-published, adamw, dasgo, muon",
            })
    void malformedOnesAreRefused(String names, String rates, String expected) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> parse(names, rates));
        assertTrue(refusal.getMessage().contains(expected), refusal::getMessage);
    }

    @Test
    void rootAndRefreshAreForTheVariantsOfAsgo() {
        var root = Optional.of(RootMethod.QR);
        var refresh = Optional.of(RefreshChoice.parse("early:10"));
        List<OptimizerChoice> choices = Optimizers.parse("adamw,asgo-published", null, root, refresh);
        assertEquals(Optional.empty(), choices.getFirst().root());
        assertEquals(root, choices.getLast().root());
        assertEquals(refresh, choices.getLast().refresh());
        assertThrows(
                IllegalArgumentException.class, () -> Optimizers.parse("adamw", null, root, Optional.empty()));
        assertThrows(
                IllegalArgumentException.class, () -> Optimizers.parse("adamw", null, Optional.empty(), refresh));
    }

    @ParameterizedTest
    @CsvSource({"1", "10", "early:7", "adaptive", "async:20"})
    void refreshesAreReadAsTheyAreWritten(String text) {
        assertEquals(text, RefreshChoice.parse(text).label());
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "x", "early", "early:", "early:0", "adaptive:3", "async:1:2", "every:3", "''"})
    void otherRefreshesAreRefused(String text) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> RefreshChoice.parse(text));
        assertTrue(refusal.getMessage().contains("N, early:N, adaptive or async:N"), refusal::getMessage);
        assertTrue(refusal.getMessage().contains("'" + text + "'"), refusal::getMessage);
    }

    /** Both variants of ASGO, though the default's own root keeps no eigenbasis. */
    @ParameterizedTest
    @CsvSource({"asgo", "asgo-published"})
    void adaptiveRefreshAloneBringsARootWithABasis(String name) {
        Optional<RefreshChoice> adaptive = Optional.of(RefreshChoice.parse("adaptive"));
        assertEquals(adaptive, Optimizers.parse(name, null, Optional.empty(), adaptive).getFirst().refresh());
    }

    private static List<OptimizerChoice> parse(String names, String rates) {
        return Optimizers.parse(names, rates, Optional.empty(), Optional.empty());
    }
}
