// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.NativeCallException;
import org.asgo4j.linalg.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What happens when roots or bases fail: float64, then the last good one, then an exception; never an identity. */
class RootLadderTest {
    private static final long SEED = 31;
    private static final int ROWS = 6;
    private static final int COLS = 15;
    private static final Set<String> FACTORIZATIONS = Set.of("eigh", "tridiagonalize", "orthonormalize", "addInverse");

    private final Backend real = Backends.open(BackendName.OPENBLAS);
    private final Arena arena = Arena.ofShared();
    private List<double[][]> gradients = gradients(COLS);
    private Set<Integer> failingIn32 = Set.of(); // steps, from 1
    private Set<Integer> failingIn64 = Set.of();
    private Set<Integer> orders = Set.of(ROWS, COLS); // of the gram matrices that fail
    private boolean silently; //                         NaN in the result instead of an exception
    private boolean iterates; //                         the rule, so that its products must fail as well
    private int step;

    /** A rule with roots: as it refreshes every so many steps, how many roots it has, and how exact they are. */
    record Rooted(String name, IntFunction<Rule> every, int roots, double tolerance) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Dampings bound κ by 1e3. A root is right to k·u·κ, SOAP's as {@link SoapTest} has it. */
    static Stream<Rooted> rooted() {
        var damping = Damping.relative(1e-3);
        double roots = ROWS * 0x1p-24 * 1e3;
        var asgo = AsgoConfig.published().withDamping(damping);
        // Absolute, for a relative damping is of ‖V‖_F where Newton's iteration takes the root.
        var shampoo = ShampooConfig.published().withBetas(0.9, 0.9).withDamping(Damping.absolute(0.01));
        var soap = SoapConfig.published().withBetas(0.9, 0.8).withDamping(Damping.outsideRoot(1e-3));
        return Stream.of(
                new Rooted("asgo", n -> new Asgo(asgo.withRefreshInterval(n)), 1, roots),
                new Rooted("shampoo", n -> new Shampoo(shampoo.withRefreshInterval(n)), 2, roots),
                new Rooted("shampoo eigen",
                        n -> new Shampoo(shampoo.withRoot(FourthRoot.EIGEN).withRefreshInterval(n)), 2, roots),
                new Rooted("soap", n -> new Soap(soap.withRefreshInterval(n)), 2, 2000 * 0x1p-24));
    }

    static Stream<Rooted> twoSided() {
        return rooted().filter(rule -> rule.roots() == 2);
    }

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    private static List<double[][]> gradients(int cols) {
        Random random = new Random(SEED);
        return IntStream.range(0, 8).mapToObj(i -> Dense.random(ROWS, cols, random)).toList();
    }

    /** Factorizations fail; Shampoo's products of square matrices turn to NaN, so that Newton's iteration fails too. */
    private void strike(String operation, Object[] arguments, boolean done) {
        boolean product = iterates && operation.equals("gemm");
        if (!product && !FACTORIZATIONS.contains(operation)) return;
        Matrix result = (Matrix) arguments[product ? 6 : 0];
        if (result.rows() != result.cols() || !orders.contains(result.rows())) return;
        Set<Integer> failing = result.type() == ElementType.FLOAT32 ? failingIn32 : failingIn64;
        if (!failing.contains(step)) return;
        if (done && product) result.set(0, 0, Double.NaN);
        else if (done && silently) result.set(3, 2, Double.NaN);
        else if (!done && !product && !silently) throw NativeCallException.lapack(operation, 7);
    }

    /** The weights after each of {@code count} steps; {@code reports} gets retries and kept roots of each. */
    private double[][][] train(Rule rule, int count, long[][] reports) {
        iterates = rule instanceof Shampoo;
        int cols = gradients.getFirst()[0].length;
        Backend backend = FaultyBackend.around(real, this::strike);
        Matrix weight = real.allocate(arena, ROWS, cols);
        Matrix gradient = real.allocate(arena, ROWS, cols);
        double[][][] weights = new double[count][][];
        var group = new ParameterGroup("all", rule, Schedule.constant(0.1f), 0,
                List.of(Parameter.of("layer.7", weight, gradient)));
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
            for (step = 1; step <= count; step++) {
                Dense.set(gradient, gradients.get(step - 1));
                StepReport report = optimizer.step();
                reports[step - 1] = new long[] {report.rootRetries(), report.rootsKept(), report.refreshes()};
                weights[step - 1] = Dense.of(weight);
            }
        } catch (RootFailedException e) {
            assertArrayEquals(step == 1 ? new double[ROWS][cols] : weights[step - 2], Dense.of(weight));
            throw e;
        }
        return weights;
    }

    private static AsgoConfig config() {
        return AsgoConfig.published().withDamping(Damping.relative(1e-6));
    }

    /** Reports of one root, for so many that fare alike. */
    private static long[][] times(int roots, long[][] ofOne) {
        return Arrays.stream(ofOne).map(r -> Arrays.stream(r).map(n -> roots * n).toArray()).toArray(long[][]::new);
    }

    @ParameterizedTest
    @MethodSource("rooted")
    void aFailureInFloat32IsRepeatedInFloat64(Rooted rule) {
        gradients = gradients(ROWS); // otherwise a null space leaves SOAP's bases free
        double[][] expected = train(rule.every().apply(1), 4, new long[4][])[3];
        failingIn32 = Set.of(1, 3);
        long[][] reports = new long[4][];
        double[][] actual = train(rule.every().apply(1), 4, reports)[3];
        long[][] ofOne = {{1, 0, 1}, {0, 0, 1}, {1, 0, 1}, {0, 0, 1}};
        assertArrayEquals(times(rule.roots(), ofOne), reports);
        double difference = Dense.relativeDifference(actual, expected);
        assertTrue(difference < rule.tolerance(), () -> "difference " + difference + ", seed=" + SEED);
    }

    @ParameterizedTest
    @MethodSource("rooted")
    void aFailureInBothKeepsTheLastGoodRoot(Rooted rule) {
        double[][][] everySecond = train(rule.every().apply(2), 4, new long[4][]);
        for (boolean silent : new boolean[] {false, true}) {
            silently = silent;
            failingIn32 = Set.of(2, 4);
            failingIn64 = Set.of(2, 4);
            long[][] reports = new long[4][];
            double[][][] kept = train(rule.every().apply(1), 4, reports);
            // A root that stays is one that was not due: the same weights, bit for bit.
            for (int t = 0; t < 4; t++) {
                assertArrayEquals(everySecond[t], kept[t], "step " + (t + 1) + " seed=" + SEED);
            }
            long[][] ofOne = {{0, 0, 1}, {0, 1, 0}, {0, 0, 1}, {0, 1, 0}};
            assertArrayEquals(times(rule.roots(), ofOne), reports);
        }
    }

    @ParameterizedTest
    @MethodSource("rooted")
    void theThirdFailureInARowThrowsAndNamesWhatToChange(Rooted rule) {
        failingIn32 = Set.of(2, 3, 4, 5);
        failingIn64 = Set.of(2, 3, 4, 5);
        var thrown = assertThrows(
                RootFailedException.class, () -> train(rule.every().apply(1), 8, new long[8][]));
        assertEquals("layer.7", thrown.parameter());
        assertEquals(4, thrown.step());
        for (String part : List.of("LEFT preconditioner of 'layer.7'", "step 4", "3 refresh(es) in a row", "order 6",
                "eigenvalues " + (rule.name().equals("shampoo") ? "unknown" : "last seen from"), "learning rate")) {
            assertTrue(thrown.getMessage().contains(part), () -> thrown.getMessage() + " lacks " + part);
        }
        assertInstanceOf(NativeCallException.class, thrown.getCause());
    }

    @ParameterizedTest
    @MethodSource("rooted")
    void aGoodRootEndsTheRow(Rooted rule) {
        failingIn32 = Set.of(2, 3, 5, 6, 8);
        failingIn64 = Set.of(2, 3, 5, 6, 8);
        long[][] reports = new long[8][];
        train(rule.every().apply(1), 8, reports);
        assertEquals(5 * rule.roots(), IntStream.range(0, 8).mapToLong(t -> reports[t][1]).sum());
    }

    @ParameterizedTest
    @MethodSource("rooted")
    void withoutAnyRootTheFirstFailureThrows(Rooted rule) {
        failingIn32 = Set.of(1);
        failingIn64 = Set.of(1);
        var thrown = assertThrows(
                RootFailedException.class, () -> train(rule.every().apply(1), 2, new long[2][]));
        assertEquals(1, thrown.step());
    }

    @ParameterizedTest
    @MethodSource("rooted")
    void theBlockThatFailsAndThoseBehindItHaveNotBeenChanged(Rooted rule) {
        failingIn32 = Set.of(1);
        failingIn64 = Set.of(1);
        orders = Set.of(4);
        iterates = rule.every().apply(1) instanceof Shampoo;
        step = 1;
        Backend backend = FaultyBackend.around(real, this::strike);
        Matrix weight = real.allocate(arena, ROWS, COLS);
        Matrix gradient = real.allocate(arena, ROWS, COLS);
        Dense.set(gradient, gradients.getFirst());
        RuleState state = rule.every().apply(1).newState(backend, arena, new RowBlocks(List.of(1, 4, 1)), COLS);
        state.name("layer.7");
        var thrown = assertThrows(RootFailedException.class, () -> state.step(weight, gradient, 0.1f, 0));
        assertEquals("layer.7, block 1", thrown.parameter());
        for (int i = 1; i < ROWS; i++) assertArrayEquals(new double[COLS], Dense.of(weight)[i], "row " + i);
    }

    /** Two failures of one side and two of the other are no four in a row. */
    @ParameterizedTest
    @MethodSource("twoSided")
    void eachSideHasItsOwnRow(Rooted rule) {
        List<Integer> failing = List.of(ROWS, ROWS, COLS, COLS);
        Backend backend = FaultyBackend.around(real, (operation, arguments, done) -> {
            orders = step >= 2 && step < 6 ? Set.of(failing.get(step - 2)) : Set.of();
            strike(operation, arguments, done);
        });
        failingIn32 = Set.of(2, 3, 4, 5);
        failingIn64 = failingIn32;
        Matrix weight = real.allocate(arena, ROWS, COLS);
        Matrix gradient = real.allocate(arena, ROWS, COLS);
        iterates = rule.every().apply(1) instanceof Shampoo;
        RuleState state = rule.every().apply(1).newState(backend, arena, ROWS, COLS);
        for (step = 1; step <= 6; step++) {
            Dense.set(gradient, gradients.get(step - 1));
            state.step(weight, gradient, 0.1f, 0);
        }
        var fields = RecordedFields.of(state).values();
        for (String side : List.of("left", "right")) {
            assertEquals(4L, fields.get(side + ".refreshes"));
            assertEquals(2L, fields.get(side + ".kept"));
            assertEquals(0L, fields.get(side + ".retries"));
            assertEquals(0L, fields.get(side + ".kept_in_a_row"));
        }
    }

    /** The right basis fails for good when the left one has turned: the momentum is still the mean of gradients. */
    @Test
    void soapsMomentsStayWithTheirBases() {
        orders = Set.of(COLS);
        failingIn32 = Set.of(2, 3, 4);
        failingIn64 = failingIn32;
        Matrix weight = real.allocate(arena, ROWS, COLS);
        Matrix gradient = real.allocate(arena, ROWS, COLS);
        SoapConfig config = SoapConfig.published().withBetas(0.5, 0.9).withRefreshInterval(1);
        RuleState state = new Soap(config).newState(FaultyBackend.around(real, this::strike), arena, ROWS, COLS);
        double[][] expected = new double[ROWS][COLS];
        for (step = 1; step <= 4; step++) {
            Dense.set(gradient, gradients.get(step - 1));
            if (step > 1) expected = Dense.plus(Dense.scaled(0.5, expected), 0.5, gradients.get(step - 1));
            if (step < 4) state.step(weight, gradient, 0.1f, 0);
            else assertThrows(RootFailedException.class, () -> state.step(weight, gradient, 0.1f, 0));
        }
        var fields = RecordedFields.of(state).values();
        assertEquals(4L, fields.get("left.refreshes"));
        double[][] left = (double[][]) fields.get("left.basis");
        double[][] right = (double[][]) fields.get("right.basis");
        double[][] moment = (double[][]) fields.get("first_moment");
        double unit = Math.scalb(1.0, Math.toIntExact((long) fields.get("exponent")));
        double[][] actual = Dense.scaled(unit, Dense.times(Dense.times(Dense.transpose(left), moment), right));
        double difference = Dense.relativeDifference(actual, expected);
        // Two products in and two out at each of four steps.
        assertTrue(difference < 4 * 4 * COLS * 0x1p-24, () -> difference + " seed=" + SEED);
    }

    /** Where only the left basis turns, it takes the rows of the second moment along, and the columns stay. */
    @Test
    void soapsSecondMomentFollowsTheBasisThatTurned() {
        List<double[][]> columns = new ArrayList<>();
        for (Set<Integer> failing : List.of(Set.of(COLS), Set.of(ROWS, COLS))) {
            orders = failing;
            failingIn32 = failingIn64 = Set.of(2);
            Matrix weight = real.allocate(arena, ROWS, COLS);
            Matrix gradient = real.allocate(arena, ROWS, COLS);
            RuleState state = new Soap(SoapConfig.published().withRefreshInterval(1))
                    .newState(FaultyBackend.around(real, this::strike), arena, ROWS, COLS);
            for (step = 1; step <= 2; step++) {
                Dense.set(gradient, gradients.get(step - 1));
                state.step(weight, gradient, 0.1f, 0);
            }
            var fields = RecordedFields.of(state).values();
            double[][] ofColumns = Dense.transpose((double[][]) fields.get("second_moment"));
            for (double[] column : ofColumns) Arrays.sort(column);
            columns.add(ofColumns);
        }
        assertArrayEquals(columns.get(1), columns.get(0), "seed=" + SEED);
    }

    /** Whatever the method, what it can't root goes to float64: here products turn to NaN, reductions fail. */
    @ParameterizedTest
    @EnumSource(RootMethod.class)
    void everyMethodHasTheLadder(RootMethod method) {
        Backend backend = FaultyBackend.around(real, (operation, arguments, done) -> {
            if (step != 2) return;
            boolean single = arguments != null && arguments.length > 0
                    && Arrays.stream(arguments).filter(Matrix.class::isInstance).map(Matrix.class::cast)
                            .allMatch(m -> m.type() == ElementType.FLOAT32);
            if (single && !done && FACTORIZATIONS.contains(operation)) throw NativeCallException.lapack(operation, 3);
            if (!single || !done || !operation.equals("gemm")) return;
            Matrix product = (Matrix) arguments[6];
            if (product.rows() == product.cols()) product.set(0, 0, Double.NaN); // of a root, not the update
        });
        Matrix weight = real.allocate(arena, ROWS, COLS);
        Matrix gradient = real.allocate(arena, ROWS, COLS);
        RuleState state = new Asgo(config().withRootMethod(method)).newState(backend, arena, ROWS, COLS);
        for (step = 1; step <= 3; step++) {
            Dense.set(gradient, gradients.get(step - 1));
            state.step(weight, gradient, 0.1f, 0);
            assertTrue(Double.isFinite(Dense.norm(Dense.of(weight))), method + " step " + step);
        }
        var counts = new RootCounts();
        state.addCounts(counts);
        assertEquals(1, counts.retries, method.toString());
        assertEquals(0, counts.kept, method.toString());
    }
}
