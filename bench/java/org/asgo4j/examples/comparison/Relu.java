// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import org.asgo4j.linalg.Matrix;

/** y = max(x, 0), elementwise, and in place: x becomes y, and dy becomes dx. */
public final class Relu implements Layer {
    private Matrix output;

    @Override
    public Matrix forward(Matrix x) {
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.cols(); j++) {
                if (x.get(i, j) < 0) x.set(i, j, 0);
            }
        }
        output = x;
        return x;
    }

    @Override
    public Matrix backward(Matrix dy) {
        for (int i = 0; i < dy.rows(); i++) {
            for (int j = 0; j < dy.cols(); j++) {
                if (!(output.get(i, j) > 0)) dy.set(i, j, 0);
            }
        }
        return dy;
    }

    @Override
    public List<Weight> weights() {
        return List.of();
    }
}
