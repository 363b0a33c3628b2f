// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.train.AsgoChanges;
import org.asgo4j.train.GroupChanges;
import org.asgo4j.train.OptimizerChoice;
import org.asgo4j.train.OptimizerChoice.Algorithm;
import org.asgo4j.train.RefreshChoice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What --optimizer and --learning-rate mean together. */
class OptimizersTest {
    private static final Pattern DEFAULTS =
            Pattern.compile("\\(default: ([^ )]+)(?: for asgo, ([^ )]+) for asgo-published.*)?\\)$");

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
    void changesOfAsgoAreForItsVariants() {
        AsgoChanges changes = AsgoChanges.parse(Map.of("root", "qr", "refresh", "early:10", "beta2", "0.5"));
        List<OptimizerChoice> choices =
                Optimizers.parse("adamw,asgo-published", null, null, changes, GroupChanges.NONE);
        assertEquals(AsgoChanges.NONE, choices.getFirst().asgoChanges());
        assertEquals(changes, choices.getLast().asgoChanges());
    }

    @ParameterizedTest
    @CsvSource({
        "root,qr", "refresh,10", "beta1,0.5", "beta2,0.5", "nesterov,true", "gram-source,momentum", "precision,float64",
        "damping,relative:0.1", "eigenvalue-correction,false"
    })
    void eachOfThemIsRefusedWhereThereIsNoVariant(String option, String text) {
        AsgoChanges changes = AsgoChanges.parse(Map.of(option, text));
        var refusal = assertThrows(
                IllegalArgumentException.class,
                () -> Optimizers.parse("adamw,muon", null, null, changes, GroupChanges.NONE));
        String expected = "--" + option + " is for asgo and asgo-published, neither of which is in 'adamw,muon'";
        assertEquals(expected, refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "beta1|1|must be in [0, 1), got 1.0",
                "beta2|none|must be a number, got 'none'",
                "beta2|-0.1|must be in [0, 1), got -0.1",
                "nesterov|1|must be true or false, got '1'",
                "eigenvalue-correction|yes|must be true or false, got 'yes'",
                "gram-source|weights|must be gradient or momentum, got 'weights'",
                "precision|half|must be float32 or float64, got 'half'",
                "root|cubic|must be eigen, tridiagonal, zolotarev, polar-express, newton or qr, got 'cubic'",
                "damping|relative:1|must be relative:X or pseudo-inverse:X with X in [0, 1), or absolute:X",
                "refresh|async:2000000000|must be N, early:N, adaptive or async:N",
                "others-beta2|NaN|must be in [0, 1), got NaN",
                "others-learning-rate|0|must be finite and positive, got 0.0",
                "weight-decay|1e99|must be finite and at least 0, got Infinity",
            })
    void valuesOutOfRangeAreRefusedByTheirOption(String option, String text, String expected) {
        Map<String, String> options = Map.of(option, text);
        var refusal = assertThrows(IllegalArgumentException.class, () -> {
            AsgoChanges.parse(options);
            GroupChanges.parse(options);
        });
        assertTrue(refusal.getMessage().startsWith("--" + option + " " + expected), refusal::getMessage);
    }

    @Test
    void weightDecaysAreGivenAsLearningRatesAre() {
        List<OptimizerChoice> choices =
                Optimizers.parse("asgo,adamw,lion", null, "asgo=0.5,adamw=0", AsgoChanges.NONE, GroupChanges.NONE);
        assertEquals(
                List.of(Optional.of(0.5f), Optional.of(0f), Optional.empty()),
                choices.stream().map(choice -> choice.groupChanges().weightDecay()).toList());
        var refusal = assertThrows(
                IllegalArgumentException.class,
                () -> Optimizers.parse("asgo", null, "-1", AsgoChanges.NONE, GroupChanges.NONE));
        assertEquals("--weight-decay must be finite and at least 0, got -1.0", refusal.getMessage());
    }

    @Test
    void changesOfOthersAreForRulesThatLeaveSome() {
        GroupChanges others = GroupChanges.parse(Map.of("others-beta2", "0.5", "others-learning-rate", "0.25"));
        List<OptimizerChoice> choices = Optimizers.parse("sgd,muon", null, "0.5", AsgoChanges.NONE, others);
        var sgd = new GroupChanges(Optional.of(0.5f), Optional.empty(), Optional.empty());
        var muon = new GroupChanges(Optional.of(0.5f), Optional.of(0.5), Optional.of(0.25f));
        assertEquals(List.of(sgd, muon), choices.stream().map(OptimizerChoice::groupChanges).toList());
        var refusal = assertThrows(
                IllegalArgumentException.class,
                () -> Optimizers.parse("sgd,adamw", null, null, AsgoChanges.NONE, others));
        assertTrue(refusal.getMessage().startsWith("--others-beta2 is for what"), refusal::getMessage);
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

    /** Both variants of ASGO, though the default's own root goes with none of these. */
    @ParameterizedTest
    @CsvSource({
        "refresh,adaptive", "eigenvalue-correction,true", "precision,float64", "damping,pseudo-inverse:1e-6",
        "damping,outside-root:1e-8"
    })
    void whatNeedsAnotherRootBringsOne(String option, String text) {
        AsgoChanges changes = AsgoChanges.parse(Map.of(option, text));
        for (String name : List.of("asgo", "asgo-published")) {
            List<OptimizerChoice> choices = Optimizers.parse(name, null, null, changes, GroupChanges.NONE);
            assertEquals(changes, choices.getFirst().asgoChanges());
        }
    }

    @Test
    void changesThatDoNotGoTogetherAreRefusedWithAllOfThem() {
        AsgoChanges changes = AsgoChanges.parse(Map.of("root", "newton", "damping", "outside-root:0.5"));
        var refusal = assertThrows(
                IllegalArgumentException.class,
                () -> Optimizers.parse("asgo", null, null, changes, GroupChanges.NONE));
        assertTrue(
                refusal.getMessage().startsWith("--root newton --damping outside-root:0.5: "), refusal::getMessage);
    }

    /** Each configuration is the other with all that the help says of its own. */
    @Test
    void theHelpStatesTheConfigurations() {
        Map<String, String> asgo = new HashMap<>();
        Map<String, String> published = new HashMap<>();
        for (OptionSpec option : CommandSpec.forAnnotatedObject(new AsgoOptions()).options()) {
            String name = option.longestName().substring(2);
            Matcher values = DEFAULTS.matcher(String.join("", option.description()));
            assertTrue(values.find(), () -> "no default of " + name);
            asgo.put(name, values.group(1));
            published.put(name, values.group(2) == null ? values.group(1) : values.group(2));
        }
        assertEquals(AsgoConfig.defaults(), AsgoChanges.parse(asgo).over(AsgoConfig.published(), 1));
        assertEquals(AsgoConfig.published(), AsgoChanges.parse(published).over(AsgoConfig.defaults(), 1));
    }

    /** The library's messages have Java's names. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "refresh|adaptive|polar-express|needs a root with an eigenbasis (eigen or qr), got polar-express",
                "precision|float64|tridiagonal|root: tridiagonal is float32 only, got float64; eigen takes both",
                "damping|pseudo-inverse:0.5|newton|newton takes damping absolute or relative, got pseudo-inverse",
            })
    void refusalsSpellValuesAsOptionsDo(String option, String text, String root, String expected) {
        AsgoChanges changes = AsgoChanges.parse(Map.of(option, text, "root", root));
        var refusal = assertThrows(
                IllegalArgumentException.class,
                () -> Optimizers.parse("asgo", null, null, changes, GroupChanges.NONE));
        assertTrue(refusal.getMessage().contains(expected), refusal::getMessage);
    }

    private static List<OptimizerChoice> parse(String names, String rates) {
        return Optimizers.parse(names, rates, null, AsgoChanges.NONE, GroupChanges.NONE);
    }
}
