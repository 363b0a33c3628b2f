// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.asgo4j.io.DType;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/**
 * Adds the fields of a state to a file. Matrices are borrowed, triangles packed into memory of an arena. Values that
 * are not finite, which {@link StateReader} would refuse, are refused here, where the file before can still be kept.
 */
final class StateWriter implements StateFields {
    private final Backend backend;
    private final SafetensorsWriter file;
    private final Arena arena;
    private final String prefix;
    private final boolean derived;

    /**
     * @param backend reads matrices that Java can't
     * @param arena for packed triangles and integers; must live until the file is written
     * @param prefix before every name
     * @param derived whether what can be computed anew is written too
     */
    StateWriter(Backend backend, SafetensorsWriter file, Arena arena, String prefix, boolean derived) {
        this.backend = backend;
        this.file = file;
        this.arena = arena;
        this.prefix = prefix;
        this.derived = derived;
    }

    @Override
    public void matrix(String name, Matrix m) {
        long bytes = m.size() * m.type().byteSize(); // a state's matrices have no gaps
        List<Long> shape = List.of((long) m.rows(), (long) m.cols());
        add(name, m.type(), shape, inJava(m).segment().asSlice(0, bytes));
    }

    /** Row by row, each up to the diagonal: k(k+1)/2 elements. */
    @Override
    public void triangle(String name, Matrix m) {
        int elementBytes = m.type().byteSize();
        MemorySegment elements = inJava(m).segment();
        MemorySegment packed = arena.allocate(Triangle.size(m) * elementBytes, elementBytes);
        for (int i = 0; i < m.rows(); i++) {
            long bytes = (i + 1L) * elementBytes;
            long from = (long) i * m.rowStride() * elementBytes;
            MemorySegment.copy(elements, from, packed, Triangle.rowStart(i) * elementBytes, bytes);
        }
        add(name, m.type(), List.of(Triangle.size(m)), packed);
    }

    private void add(String name, ElementType type, List<Long> shape, MemorySegment values) {
        StateReader.requireFinite(values, type, problem -> new ArithmeticException("'" + prefix + name + "' " + problem
                + ": no step of this state would be right, and load would refuse it. Go on from the last one that was "
                + "saved, with gradients clipped or a lower learning rate"));
        file.tensor(prefix + name, dtype(type), shape, values);
    }

    @Override
    public boolean derivedTriangle(String name, Matrix m, boolean present) {
        if (derived && present) triangle(name, m);
        return present;
    }

    @Override
    public long integer(String name, long value, long least, long largest) {
        MemorySegment memory = arena.allocate(ValueLayout.JAVA_LONG);
        memory.set(ValueLayout.JAVA_LONG, 0, value);
        file.tensor(prefix + name, DType.I64, List.of(), memory);
        return value;
    }

    @Override
    public boolean loads() {
        return false;
    }

    @Override
    public StateFields part(String part) {
        return new StateWriter(backend, file, arena, prefix + part + ".", derived);
    }

    /** The matrix itself, or a copy of one on a device. */
    private Matrix inJava(Matrix m) {
        if (!m.isOnDevice()) return m;
        long elements = m.size();
        Matrix copy = new Matrix(
                arena.allocate(elements * m.type().byteSize(), m.type().byteSize()), m.type(), m.rows(), m.cols(),
                m.cols());
        backend.copy(m, copy);
        return copy;
    }

    static DType dtype(ElementType type) {
        return type == ElementType.FLOAT32 ? DType.F32 : DType.F64;
    }
}
