// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import org.asgo4j.optim.InverseRootBench;
import org.asgo4j.optim.RootMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs every benchmark once, in this JVM, with its first parameters: each checks what it measures, none is timed. */
class BenchmarksTest {
    static List<String> classes() {
        return BenchmarkList.defaultList()
                .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())
                .stream()
                .map(BenchmarkListEntry::getUserClassQName)
                .distinct()
                .toList();
    }

    @Test
    void thereAreBenchmarks() {
        assertFalse(classes().isEmpty());
    }

    @ParameterizedTest
    @MethodSource("classes")
    void runs(String name) throws RunnerException, ClassNotFoundException {
        ChainedOptionsBuilder options = options(name);
        for (Field field : Class.forName(name).getDeclaredFields()) {
            Param values = field.getAnnotation(Param.class);
            if (values != null) options.param(field.getName(), Arrays.copyOf(values.value(), 1));
        }
        assertFalse(new Runner(options.build()).run().isEmpty());
    }

    @Test
    void runsStepsOfTheDefaults() throws RunnerException {
        ChainedOptionsBuilder options = options(StepBench.class.getName()).param("set", "tiny")
                .param("configuration", "defaults").param("workers", "1");
        assertFalse(new Runner(options.build()).run().isEmpty());
    }

    /** Of the matrices of the published table; each is held against its bound. */
    @Test
    void runsEveryRootMethod() throws RunnerException {
        ChainedOptionsBuilder options = options(InverseRootBench.class.getName()).param("order", "128")
                .param("condition", "1e4").param("damping", "1e-6");
        assertEquals(RootMethod.values().length, new Runner(options.build()).run().size());
    }

    private static ChainedOptionsBuilder options(String name) {
        return new OptionsBuilder()
                .include("^" + name.replace(".", "\\.") + "\\.")
                .forks(0)
                .mode(Mode.SingleShotTime)
                .warmupIterations(0)
                .measurementIterations(1)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
    }
}
