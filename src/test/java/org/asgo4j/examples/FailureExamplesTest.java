// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.DeviceException;
import org.asgo4j.linalg.EighWorkspace;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.NativeCallException;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.NonFiniteGradientException;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.RootFailedException;
import org.asgo4j.optim.Schedule;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes wrong in a training, as in the documentation of the exceptions. */
class FailureExamplesTest {
    private final Backend real = Backends.open();
    private final Arena arena = Arena.ofShared();
    private final Workers workers = new Workers(1);
    private final Model model = new Model(real, arena, 8, 24);
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        workers.close();
        arena.close();
        real.close();
    }

    @Test
    void nonFinite() {
        try (Optimizer optimizer = optimizer(real)) {
            model.backward();
            model.gradient.set(1, 2, Double.POSITIVE_INFINITY);
            // @start region="nonFinite"
            try {
                optimizer.step();
            } catch (NonFiniteGradientException e) { //       no weight and no state has been changed
                log.add(e.parameter() + ", element " + e.index() + ": left out");
            }
            // @end
        }
        assertEquals(List.of("mlp.weight, element 26: left out"), log);
    }

    @Test
    void rootFailed() {
        try (Optimizer optimizer = optimizer(failing())) {
            model.backward();
            // @start region="rootFailed"
            try {
                optimizer.step();
            } catch (RootFailedException e) { //              the message says what to change
                log.add(e.parameter() + " at step " + e.step());
            }
            // @end
        }
        assertEquals(List.of("mlp.weight at step 1"), log);
    }

    @Test
    void nativeCall() {
        Backend backend = failing();
        // @start region="nativeCall"
        Matrix matrix = backend.allocate(arena, 24, 24);
        Matrix eigenvalues = backend.allocate(arena, 1, 24);
        EighWorkspace workspace = backend.eighWorkspace(arena, ElementType.FLOAT32, 24);
        try {
            backend.eigh(matrix, eigenvalues, workspace);
        } catch (NativeCallException e) { //                  the matrix is undefined now
            log.add(e.getMessage());
        }
        // @end
        assertTrue(log.getFirst().startsWith("ssyevd: the eigenvalues did not converge"), log.getFirst());
    }

    @Test
    void device() {
        assumeTrue(FakeCuda.isUsed(), FakeCuda.whyNot());
        FakeCuda.setDevices(0);
        // @start region="device"
        try (Backend gpu = Backends.open(BackendName.CUDA)) {
            log.add(gpu.describe());
        } catch (DeviceException e) { //                      there is none, or it failed
            log.add(e.getMessage());
        }
        // @end
        FakeCuda.reset();
        assertTrue(log.getFirst().startsWith("no GPU that CUDA can use: "), log.getFirst());
    }

    private Optimizer optimizer(Backend backend) {
        var group = new ParameterGroup("matrices", new Asgo(AsgoConfig.published()), Schedule.constant(0.01f), 0,
                List.of(Parameter.of("mlp.weight", model.weight, model.gradient)));
        return new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group));
    }

    /** The real backend, but no eigendecomposition converges. */
    private Backend failing() {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("eigh")) throw NativeCallException.lapack("ssyevd", 1);
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
