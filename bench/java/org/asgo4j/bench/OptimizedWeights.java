// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.optim.OptimizerMemory.Shape;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.Schedule;

/** Weights of zeros with gradients uniform in [−1, 1), and optimizers of them. */
final class OptimizedWeights implements AutoCloseable {
    private static final long SEED = 1;

    /** So small that weights stay finite over any number of steps. */
    private static final float LEARNING_RATE = 1e-6f;

    private final Backend backend;
    private final Workers workers;
    private final Arena arena = Arena.ofShared();
    private final List<Parameter> parameters = new ArrayList<>();

    OptimizedWeights(Backend backend, Workers workers, List<Shape> shapes) {
        this.backend = backend;
        this.workers = workers;
        var random = new SplittableRandom(SEED);
        for (Shape shape : shapes) {
            Matrix weight = backend.allocate(arena, shape.rows(), shape.cols());
            Matrix gradient = backend.allocate(arena, shape.rows(), shape.cols());
            for (long i = 0; i < shape.parameters(); i++) {
                gradient.segment().setAtIndex(JAVA_FLOAT, i, random.nextFloat(-1, 1));
            }
            parameters.add(Parameter.of("weight" + parameters.size(), weight, gradient));
        }
    }

    /** A new optimizer of all of them by one rule; the caller closes it before the weights. */
    Optimizer optimizer(Rule rule) {
        var group = new ParameterGroup(rule.name(), rule, Schedule.constant(LEARNING_RATE), 0, parameters);
        return new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group));
    }

    /** Zeros again, so that what moves them next can be seen. */
    void clear() {
        for (Parameter p : parameters) backend.fill(0, p.weight());
    }

    long count() {
        return parameters.stream().mapToLong(p -> p.weight().size()).sum();
    }

    /** Throws unless every weight has moved and is finite. */
    void requireMoved() {
        for (Parameter p : parameters) {
            double squares = backend.sumOfSquares(p.weight());
            if (!(squares > 0 && squares < Double.POSITIVE_INFINITY)) {
                throw new IllegalStateException("%s should have moved, the sum of its squares is %s"
                        .formatted(p.name(), squares));
            }
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
