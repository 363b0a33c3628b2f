// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Workspace.Slot;

/**
 * Uploads what lies in this computer's memory to a GPU, and downloads it, for one worker: the gradient and the weight
 * of its next wave, and the last one's weight, while the present one is computed. Two of each are on the GPU for that.
 */
final class Conveyor {
    private final Backend backend;
    private final Workspace workspace;

    Conveyor(Backend backend, Workspace workspace) {
        this.backend = backend;
        this.workspace = workspace;
    }

    /** Whether this is on the other side of the bus, where every use would copy it. */
    static boolean uploads(Backend backend, Matrix m) {
        return backend.name() == BackendName.CUDA && !m.isOnDevice();
    }

    static boolean uploads(Backend backend, Parameter parameter) {
        return uploads(backend, parameter.weight()) || uploads(backend, parameter.gradient());
    }

    /** All that is uploaded by a step, to be page-locked. */
    static List<Matrix> uploaded(Backend backend, List<Stepped> all) {
        List<Matrix> uploaded = new ArrayList<>();
        for (Stepped each : all) {
            for (Matrix m : List.of(each.parameter.weight(), each.parameter.gradient())) {
                if (uploads(backend, m)) uploaded.add(m);
            }
        }
        return uploaded;
    }

    static void reserve(Backend backend, Parameter parameter, Workspace workspace) {
        reserve(backend, parameter.gradient(), Slot.UPLOADED_GRADIENT, Slot.OTHER_UPLOADED_GRADIENT, workspace);
        reserve(backend, parameter.weight(), Slot.UPLOADED_WEIGHT, Slot.OTHER_UPLOADED_WEIGHT, workspace);
    }

    private static void reserve(Backend backend, Matrix m, Slot slot, Slot other, Workspace workspace) {
        if (!uploads(backend, m)) return;
        workspace.reserve(slot, ElementType.FLOAT32, m.rows(), m.cols());
        workspace.reserve(other, ElementType.FLOAT32, m.rows(), m.cols());
    }

    /** What is done with one wave, whose matrices are on the GPU. */
    interface Work {
        void run(Wave wave, boolean other);
    }

    /** Takes waves, as long as there are any, from {@code next} on, which workers share, and works on each. */
    void run(Wave[] waves, AtomicInteger next, Work work) {
        try {
            int index = next.getAndIncrement();
            boolean other = false;
            if (index < waves.length) upload(waves[index], other);
            while (index < waves.length) {
                backend.awaitUploads();
                int following = next.getAndIncrement();
                if (following < waves.length) upload(waves[following], !other);
                work.run(waves[index], other);
                download(waves[index], other);
                index = following;
                other = !other;
            }
        } catch (RuntimeException | Error e) {
            next.set(waves.length); // nobody begins another
            RuleState.finish(backend, e);
            throw e;
        }
        backend.synchronize();
    }

    private void upload(Wave wave, boolean other) {
        for (Stepped each : wave.members) {
            Matrix weight = each.parameter.weight();
            Matrix gradient = each.parameter.gradient();
            if (uploads(backend, gradient)) backend.upload(gradient, gradient(each, other));
            if (uploads(backend, weight)) backend.upload(weight, weight(each, other));
        }
    }

    private void download(Wave wave, boolean other) {
        for (Stepped each : wave.members) {
            Matrix weight = each.parameter.weight();
            if (uploads(backend, weight)) backend.download(weight(each, other), weight);
        }
    }

    /** The parameter's weight where the backend works. */
    Matrix weight(Stepped each, boolean other) {
        return reachable(each.parameter.weight(), other ? Slot.OTHER_UPLOADED_WEIGHT : Slot.UPLOADED_WEIGHT);
    }

    /** The parameter's gradient where the backend works. */
    Matrix gradient(Stepped each, boolean other) {
        return reachable(each.parameter.gradient(), other ? Slot.OTHER_UPLOADED_GRADIENT : Slot.UPLOADED_GRADIENT);
    }

    private Matrix reachable(Matrix m, Slot slot) {
        return uploads(backend, m) ? workspace.get(slot, ElementType.FLOAT32, m.rows(), m.cols()) : m;
    }
}
