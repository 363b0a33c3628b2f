// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.PublishedWeights;
import org.asgo4j.optim.RuleState;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;

/**
 * An engine that serves from one arena's memory while a training in another one goes on. Every answer is that of one
 * version: the bits that the trainer computed for it.
 */
class ServingWhileTrainingTest {
    private static final int ROWS = 48;
    private static final int COLS = 32;
    private static final int ANSWERS = 300;

    private final Backend backend = Backends.open();
    private final ConcurrentHashMap<Long, double[][]> answerOf = new ConcurrentHashMap<>();
    private final AtomicBoolean serving = new AtomicBoolean(true);

    @Test
    void publishing() {
        try (Arena arena = Arena.ofShared()) {
            Matrix weight = backend.allocate(arena, ROWS, COLS);
            // @start region="publish"
            try (var published = new PublishedWeights(backend, List.of(weight), 2)) {
                weight.set(0, 0, 1); //                       the trainer steps,
                published.publish(); //                       and then names what it has the current version
                try (PublishedWeights.Lease lease = published.lease()) { // any other thread
                    weight.set(0, 0, 2); //                   the trainer goes on
                    published.publish();
                    Matrix served = lease.weights().getFirst();
                    assertEquals(1, served.get(0, 0)); //     one version until the lease is closed
                }
            }
            // @end
        }
    }

    @Test
    void everyAnswerIsThatOfOneVersion() throws Exception {
        long seed = Seeds.next();
        try (Arena arena = Arena.ofShared(); ExecutorService engine = Executors.newSingleThreadExecutor()) {
            Matrix weight = Matrices.random(arena, ROWS, COLS, seed);
            Matrix query = Matrices.random(arena, COLS, 1, seed + 1);
            try (var published = new PublishedWeights(backend, List.of(weight), 2)) {
                answerOf.put(0L, answer(weight, query));
                Future<Long> served = engine.submit(serve(published, query, seed));
                train(arena, weight, query, published, seed + 2);
                assertTrue(served.get() > 0, "the engine served the first version only, seed=" + seed);
            }
        }
    }

    /** The trainer: steps, and publishes after each. Notes what each version answers before anybody can ask it. */
    private void train(Arena arena, Matrix weight, Matrix query, PublishedWeights published, long seed) {
        RuleState asgo = new Asgo(AsgoConfig.defaults()).newState(backend, arena, ROWS, COLS);
        for (long version = 1; serving.get();) {
            asgo.step(weight, Matrices.random(arena, ROWS, COLS, seed), 0.01f, 0);
            answerOf.put(version, answer(weight, query));
            if (published.publish()) version++;
        }
    }

    /** The engine: answers from whichever version is there. Returns the version of its last answer. */
    private Callable<Long> serve(PublishedWeights published, Matrix query, long seed) {
        return () -> {
            long version = 0;
            try {
                for (int i = 0; i < ANSWERS || version == 0; i++) {
                    try (var lease = published.lease()) {
                        version = lease.version();
                        double[][] answer = answer(lease.weights().getFirst(), query);
                        assertEquals(0, Matrices.maxAbsDifference(answerOf.get(version), answer), "seed=" + seed);
                    }
                }
            } finally {
                serving.set(false);
            }
            return version;
        };
    }

    /** W·q. */
    private double[][] answer(Matrix weight, Matrix query) {
        try (Arena scratch = Arena.ofConfined()) {
            Matrix answer = backend.allocate(scratch, ROWS, 1);
            backend.gemm(Transpose.NONE, Transpose.NONE, 1, weight, query, 0, answer);
            return Matrices.toArray(answer);
        }
    }
}
