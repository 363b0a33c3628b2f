// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

/** DJL's PyTorch engine of the tests: natives from the class path alone, unpacked under {@code target}. */
public final class PyTorch {
    static {
        System.setProperty("DJL_CACHE_DIR", "target/djl");
        System.setProperty("ENGINE_CACHE_DIR", "target/djl");
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("ai.djl.pytorch.num_threads", "1"); // the same sums in every run
    }

    private PyTorch() {}

    /** The engine. */
    public static Engine engine() {
        return Engine.getEngine("PyTorch");
    }

    /** A manager of its tensors on the CPU, to be closed; left to itself it takes a GPU. */
    public static NDManager newManager() {
        return engine().newBaseManager(Device.cpu());
    }

    /** The same on a GPU; the test is skipped if PyTorch has none: its libraries on the class path are for the CPU. */
    public static NDManager newGpuManager() {
        assumeTrue(engine().getGpuCount() > 0, "PyTorch sees no GPU");
        return engine().newBaseManager(Device.gpu());
    }
}
