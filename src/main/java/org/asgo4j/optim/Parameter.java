package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/**
 * A named weight and its gradient, both the caller's memory. The caller writes the gradient before each step; the
 * optimizer reads it and writes the weight.
 *
 * @param name unique in an optimizer; used in messages
 * @param weight W, m×n float32
 * @param gradient G, m×n float32
 * @param blocks the row blocks preconditioned each on its own
 */
public record Parameter(String name, Matrix weight, Matrix gradient, RowBlocks blocks) {

    /** Checks names, types and shapes. */
    public Parameter {
        require(name != null && !name.isBlank(), "parameter name must not be blank");
        checkType(name, "weight", weight);
        checkType(name, "gradient", gradient);
        require(weight.rows() == gradient.rows() && weight.cols() == gradient.cols(),
                "parameter '%s': weight is %s but gradient is %s", name, weight.shape(), gradient.shape());
        require(blocks.rows() == weight.rows(),
                "parameter '%s': row blocks %s have %s rows, the weight has %s", name, blocks.sizes(), blocks.rows(),
                weight.rows());
    }

    /** A parameter preconditioned as a whole. */
    public static Parameter of(String name, Matrix weight, Matrix gradient) {
        return new Parameter(name, weight, gradient, RowBlocks.whole(weight.rows()));
    }

    private static void checkType(String name, String role, Matrix m) {
        require(m.type() == ElementType.FLOAT32, "parameter '%s': %s holds %s, must hold FLOAT32", name, role,
                m.type());
    }
}
