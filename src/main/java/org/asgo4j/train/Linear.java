// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.asgo4j.kernel.Kernels;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * y = x·Wᵀ with W m×n, rows of x and y being tokens: makes the products of its three passes. Where products are cut,
 * keeps a transposed copy of a small W for the first, as {@link Product} explains; {@link #refresh} updates it.
 */
final class Linear {
    /** Elements of a W of which Wᵀ is kept: a larger one is packed by the BLAS as fast as it is read where it lies. */
    private static final long LARGEST_COPIED = 1 << 18;

    private final Backend backend;
    private final Kernels kernels;
    private final GptParameter parameter;
    private final Optional<Matrix> transposed;

    /** Allocates Wᵀ, n×m, in {@code arena}, if it is kept. */
    Linear(Backend backend, Kernels kernels, Arena arena, GptParameter parameter) {
        this.backend = backend;
        this.kernels = kernels;
        this.parameter = parameter;
        Matrix weight = parameter.weight();
        transposed = weight.size() > LARGEST_COPIED || !backend.multipliesSmallInPlace()
                ? Optional.empty()
                : Optional.of(Product.padded(backend, arena, weight.cols(), weight.rows()));
    }

    /** Wᵀ ← the present W, if it is kept. */
    void refresh() {
        if (transposed.isEmpty()) return;
        Matrix weight = parameter.weight();
        Matrix copy = transposed.get();
        kernels.transpose(weight.segment(), 0, weight.rowStride(), copy.segment(), 0, copy.rowStride(), weight.rows(),
                weight.cols());
    }

    /** Y ← X·Wᵀ + βY, X r×n, Y r×m. */
    Product forward(Matrix x, double beta, Matrix y) {
        return transposed.isPresent()
                ? Product.of(backend, x, transposed.get(), beta, y)
                : Product.withTransposed(backend, x, parameter.weight(), beta, y);
    }

    /** dX ← dY·W, dY r×m, dX r×n. */
    Product backward(Matrix dy, Matrix dx) {
        return Product.of(backend, dy, parameter.weight(), 0, dx);
    }

    /** dW ← dYᵀ·X, dY r×m, X r×n, as independent tasks, each for some rows of dW. */
    List<GradientTask> gradient(Matrix dy, Matrix x) {
        Matrix gradient = parameter.gradient();
        List<GradientTask> tasks = new ArrayList<>();
        int step = Product.taskRows(gradient.rows());
        for (int i = 0; i < gradient.rows(); i += step) {
            int rows = Math.min(step, gradient.rows() - i);
            Product product = Product.ofTransposed(backend, dy.colBlock(i, rows), x, 0, gradient.rowBlock(i, rows));
            tasks.add(new GradientTask((long) rows * x.cols() * x.rows(), i, rows, product::run));
        }
        return tasks;
    }
}
