// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.asgo4j.io.DType;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.TensorInfo;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/**
 * Checks the fields of a state against a file, or loads them from it. Checking changes nothing, so that a file that
 * does not fit is refused before anything is loaded.
 */
final class StateReader implements StateFields {

    /** What is done with each field. */
    enum Mode {
        /** Is it there, of this type and shape? */
        CHECK,
        /** As checked before, into the state. */
        LOAD
    }

    private final Backend backend;
    private final Safetensors file;
    private final String prefix;
    private final Mode mode;
    private final Set<String> seen;

    /**
     * @param backend writes matrices that Java can't
     * @param prefix before every name
     * @param seen gets the names of the tensors that the state knows
     */
    StateReader(Backend backend, Safetensors file, String prefix, Mode mode, Set<String> seen) {
        this.backend = backend;
        this.file = file;
        this.prefix = prefix;
        this.mode = mode;
        this.seen = seen;
    }

    @Override
    public void matrix(String name, Matrix m) {
        MemorySegment values = checked(name, m.type(), List.of((long) m.rows(), (long) m.cols()));
        if (mode == Mode.CHECK) return;
        write(m, into -> {
            for (int i = 0; i < m.rows(); i++) copyRow(values, (long) i * m.cols(), into, i, m.cols());
        });
    }

    @Override
    public void triangle(String name, Matrix m) {
        MemorySegment values = checked(name, m.type(), List.of(Triangle.size(m)));
        if (mode == Mode.CHECK) return;
        write(m, into -> {
            for (int i = 0; i < m.rows(); i++) copyRow(values, Triangle.rowStart(i), into, i, i + 1);
        });
    }

    @Override
    public boolean derivedTriangle(String name, Matrix m, boolean present) {
        boolean stored = file.contains(prefix + name);
        if (stored) triangle(name, m);
        return mode == Mode.CHECK ? present : stored;
    }

    @Override
    public long integer(String name, long value, long least, long largest) {
        long stored = checked(name, DType.I64, List.of()).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        if (stored < least || stored > largest) {
            throw new StateMismatchException("'%s' is %d in the file, must be from %d to %d"
                    .formatted(prefix + name, stored, least, largest));
        }
        return mode == Mode.CHECK ? value : stored;
    }

    @Override
    public boolean loads() {
        return mode == Mode.LOAD;
    }

    @Override
    public StateFields part(String part) {
        return new StateReader(backend, file, prefix + part + ".", mode, seen);
    }

    /** Also that every value is finite: a NaN would come back in every later step. */
    private MemorySegment checked(String name, ElementType type, List<Long> shape) {
        MemorySegment values = checked(name, StateWriter.dtype(type), shape);
        if (mode == Mode.LOAD) return values;
        requireFinite(values, type, problem -> new StateMismatchException("'" + prefix + name + "' " + problem));
        return values;
    }

    /** Throws what is made of the place and the value if an element is NaN or infinite. */
    static void requireFinite(
            MemorySegment values, ElementType type, Function<String, ? extends RuntimeException> refusal) {
        long count = values.byteSize() / type.byteSize();
        for (long i = 0; i < count; i++) {
            double value = type == ElementType.FLOAT32
                    ? values.get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES)
                    : values.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, i * Double.BYTES);
            if (!Double.isFinite(value)) {
                throw refusal.apply("holds %s at element %d, must be finite".formatted(value, i));
            }
        }
    }

    private MemorySegment checked(String name, DType dtype, List<Long> shape) {
        String full = prefix + name;
        if (!file.contains(full)) {
            throw new StateMismatchException("the file has no '%s'; the optimizer needs it as %s %s"
                    .formatted(full, dtype, shape));
        }
        TensorInfo info = file.info(full);
        if (info.dtype() != dtype || !info.shape().equals(shape)) {
            throw new StateMismatchException("'%s' is %s %s in the file, must be %s %s"
                    .formatted(full, info.dtype(), info.shape(), dtype, shape));
        }
        seen.add(full);
        return file.tensor(full);
    }

    /** Fills the matrix itself, or a copy that is then brought to its device. */
    private void write(Matrix m, Consumer<Matrix> filler) {
        if (!m.isOnDevice()) {
            filler.accept(m);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            Matrix copy = backend.allocateHost(arena, m.type(), m.rows(), m.cols());
            filler.accept(copy);
            backend.copy(copy, m);
        }
    }

    private static void copyRow(MemorySegment values, long from, Matrix m, int row, long count) {
        int bytes = m.type().byteSize();
        MemorySegment.copy(values, from * bytes, m.segment(), (long) row * m.rowStride() * bytes, count * bytes);
    }
}
