// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench.peers;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtModel;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.asgo4j.bench.Call;
import org.asgo4j.bench.Contender;
import org.asgo4j.bench.Operands;
import org.asgo4j.bench.Operation;
import org.asgo4j.bench.TorchScript;

/**
 * libtorch, with the MKL in it, through DJL: each operation is one script, as one would write it in PyTorch. It has no
 * symmetric products. New results are allocated at every call, by libtorch, and freed at the next.
 */
public final class LibtorchContender implements Contender {
    private static final String EIGH = "values, vectors = torch.linalg_eigh(v)\n";
    private static final String ROOT = EIGH + """
            scale = torch.pow(torch.add(values, %s), -0.5)
            root = torch.matmul(torch.mul(vectors, scale), torch.t(vectors))
            """;
    private static final String STEP = """
            m0 = torch.add_(torch.mul_(m, 0.9), g, alpha=0.1)
            v0 = torch.addmm_(v, g, torch.t(g), beta=0.8, alpha=0.2)
            """ + ROOT.formatted("1e-10") + """
            u = torch.matmul(root, m)
            length = torch.mul(torch.reciprocal(torch.norm(u)), %s)
            w0 = torch.sub_(torch.mul_(w, 0.999), torch.mul(u, length))
            return w0
            """;
    private static final double LEARNING_RATE = 0.01;
    private static final double UPDATE_RMS = 0.2;

    @Override
    public String name() {
        return "libtorch";
    }

    @Override
    public Call prepare(Operation operation, Operands operands, int threads) {
        NDManager manager = open(threads);
        int n = operands.n();
        int cols = operands.cols();
        NDArray gradient = manager.create(operands.gradient(), new Shape(n, cols));
        NDArray gram = manager.create(operands.gram(), new Shape(n, n));
        String product = "return torch.matmul(a, b)\n";
        return switch (operation) {
            case GEMM -> call("a: Tensor, b: Tensor", "Tensor", product,
                    manager.create(operands.a(), new Shape(n, n)), manager.create(operands.b(), new Shape(n, n)));
            case SYRK -> call("g: Tensor", "Tensor", "return torch.matmul(g, torch.t(g))\n", gradient);
            case SYMM -> call("a: Tensor, b: Tensor", "Tensor", product,
                    manager.create(operands.symmetric(), new Shape(n, n)), gradient);
            case EIGH -> call("v: Tensor", "Tuple[Tensor, Tensor]",
                    EIGH + "return (torch.t(vectors), values)\n", gram);
            case INVERSE_ROOT -> call("v: Tensor", "Tensor", ROOT.formatted("0.") + "return root\n", gram);
            case STEP -> call("g: Tensor, m: Tensor, v: Tensor, w: Tensor", "Tensor",
                    STEP.formatted(LEARNING_RATE * UPDATE_RMS * Math.sqrt((double) n * cols)), gradient,
                    manager.zeros(gradient.getShape()), manager.zeros(gram.getShape()),
                    manager.create(operands.weight(), gradient.getShape()))
                    .alternately(manager.create(operands.nextGradient(), gradient.getShape()));
        };
    }

    /** The natives come from the class path alone; the number of threads is fixed when the engine is first used. */
    private static NDManager open(int threads) {
        System.setProperty("DJL_CACHE_DIR", "target/djl");
        System.setProperty("ENGINE_CACHE_DIR", "target/djl");
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
        if (JniUtils.getNumThreads() != threads) {
            throw new IllegalArgumentException("libtorch runs %d threads in this JVM, asked for %d"
                    .formatted(JniUtils.getNumThreads(), threads));
        }
        return manager;
    }

    private static ScriptCall call(String parameters, String type, String body, NDArray... arguments) {
        byte[] archive = TorchScript.archive(parameters, type, body);
        var model = (PtModel) Model.newInstance("function", "PyTorch");
        try {
            model.load(new ByteArrayInputStream(archive), false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (MalformedModelException e) {
            throw new IllegalStateException("libtorch refuses " + body, e);
        }
        return new ScriptCall(model, new NDList(arguments));
    }

    /** A script and its arguments. The model is kept, since DJL frees one that nothing refers to. */
    private static final class ScriptCall implements Call {
        private final PtModel model;
        private NDList arguments;
        private NDList otherArguments;
        private final ParameterStore noParameters;
        private NDList results = new NDList();

        ScriptCall(PtModel model, NDList arguments) {
            this.model = model;
            this.arguments = arguments;
            this.otherArguments = arguments;
            this.noParameters = new ParameterStore(arguments.head().getManager(), false);
        }

        /** With another first argument at every second call. */
        ScriptCall alternately(NDArray first) {
            otherArguments = new NDList(arguments);
            otherArguments.set(0, first);
            return this;
        }

        @Override
        public void run() {
            NDList previous = results;
            results = model.getBlock().forward(noParameters, arguments, false);
            previous.close();
            NDList next = otherArguments;
            otherArguments = arguments;
            arguments = next;
        }

        @Override
        public float[] result() {
            int count = 0;
            for (NDArray array : results) count += (int) array.size();
            float[] all = new float[count];
            int to = 0;
            for (NDArray array : results) {
                System.arraycopy(array.toFloatArray(), 0, all, to, (int) array.size());
                to += (int) array.size();
            }
            return all;
        }
    }
}
