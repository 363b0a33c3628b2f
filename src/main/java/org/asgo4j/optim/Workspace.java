// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.EighWorkspace;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/**
 * The scratch memory of one worker: every weight it steps uses the same, so that a step needs one update's worth of
 * memory and not one per weight. States reserve what they need; {@link #allocate} then takes the largest of each kind.
 * Its content is undefined between steps.
 */
final class Workspace {

    /** What a piece of scratch memory holds during a step. */
    enum Slot {
        /** U, m×n. */
        UPDATE,
        /** The gradient on a GPU, where the caller's is not, m×n; of every other wave. */
        UPLOADED_GRADIENT,
        /** The same of the waves between. */
        OTHER_UPLOADED_GRADIENT,
        /** The weight on a GPU, where the caller's is not, m×n; of every other wave. */
        UPLOADED_WEIGHT,
        /** The same of the waves between. */
        OTHER_UPLOADED_WEIGHT,
        /** The gradient brought to a scale whose squares float32 can hold, where U is needed beside it, m×n. */
        SCALED_GRADIENT,
        /** The gradient in the preconditioner's precision, m×n. */
        GRADIENT,
        /** Eigenvectors of V, k×k. */
        VECTORS,
        /** Eigenvalues of V, 1×k. */
        EIGENVALUES,
        /** The root before it is rounded to float32, k×k. */
        ROOT,
        /** The root before it is known to be good, k×k. */
        CANDIDATE,
        /** What is preconditioned where it is not the momentum itself, m×n. */
        DIRECTION,
        /** The gradient in the eigenbasis, m×n. */
        ROTATED_GRADIENT,
        /** The direction in the eigenbasis, m×n. */
        ROTATED_DIRECTION,
        /** Beside the diagonal of the tridiagonal form, 1×k. */
        OFF_DIAGONAL,
        /** Y of a coupled iteration, or the residual of Newton's, k×k. */
        ITERATE_Y,
        /** Z of a coupled iteration, or the root in Newton's, k×k. */
        ITERATE_Z,
        /** A product of an iteration, or a function of the tridiagonal form, k×k. */
        ITERATE_T,
        /** A polynomial of an iteration, or V in Newton's basis, k×k. */
        ITERATE_B,
        /** Where an iteration writes what replaces Y, k×k. */
        ITERATE_NEW,
        /** A vector of the power iteration, k×1. */
        VECTOR_X,
        /** Another one, k×1. */
        VECTOR_Y,
        /** The weight before the step, m×n. */
        BEFORE,
        /** A product on the way to the update, m×n. */
        PRODUCT,
        /** What an iteration takes to its limit, k×k. */
        ITERATE,
        /** What one round of an iteration multiplies with, k×k. */
        FACTOR,
        /** A power or product of such matrices, k×k. */
        POWER,
        /** A product on the way to the next iterate, k×k. */
        PARTIAL
    }

    /** Vectors whose elements are read one by one: in this computer's memory, whatever the backend. */
    private static final Set<Slot> READ_BY_JAVA =
            EnumSet.of(Slot.EIGENVALUES, Slot.OFF_DIAGONAL, Slot.VECTOR_X, Slot.VECTOR_Y);

    private record Shape(Slot slot, ElementType type, int rows, int cols) {}

    private record StackShape(Slot slot, ElementType type, int count, int rows, int cols) {}

    private final Backend backend;
    private final List<StackShape> stackShapes = new ArrayList<>();
    private final List<Stack> stacks = new ArrayList<>();
    private final List<Shape> shapes = new ArrayList<>();
    private final List<Matrix> views = new ArrayList<>();
    private final Map<ElementType, Integer> eighOrders = new EnumMap<>(ElementType.class);
    private final EighWorkspace[] eigh = new EighWorkspace[ElementType.values().length];

    private final AtomicBoolean busy = new AtomicBoolean();

    Workspace(Backend backend) {
        this.backend = backend;
    }

    /** Begins a use by a state that is stepped alone: two at once would compute in each other's memory. */
    void enter() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("step: another thread is stepping this state, or one that shares its "
                    + "scratch memory (of the same rule and shape); one thread at a time may");
        }
    }

    void leave() {
        busy.set(false);
    }

    /** Asks for a matrix of this shape; call before {@link #allocate}. */
    void reserve(Slot slot, ElementType type, int rows, int cols) {
        var shape = new Shape(slot, type, rows, cols);
        if (!shapes.contains(shape)) shapes.add(shape);
    }

    /** Asks for so many matrices of this shape, one below the other; call before {@link #allocate}. */
    void reserveStack(Slot slot, ElementType type, int count, int rows, int cols) {
        reserve(slot, type, Math.multiplyExact(count, rows), cols);
        var shape = new StackShape(slot, type, count, rows, cols);
        if (!stackShapes.contains(shape)) stackShapes.add(shape);
    }

    /** Asks for LAPACK's workspace up to this order; call before {@link #allocate}. */
    void reserveEigh(ElementType type, int order) {
        eighOrders.merge(type, order, Math::max);
    }

    /** Takes the memory: per slot as much as its largest shape. */
    void allocate(Arena arena) {
        var memory = new EnumMap<Slot, Matrix>(Slot.class);
        for (Slot slot : Slot.values()) {
            shapes.stream()
                    .filter(s -> s.slot == slot)
                    .max((a, b) -> Long.compare(bytes(a), bytes(b)))
                    .ifPresent(s -> memory.put(slot, allocate(arena, s)));
        }
        for (Shape s : shapes) {
            views.add(memory.get(s.slot).reshape(s.type, s.rows, s.cols));
        }
        for (StackShape s : stackShapes) {
            stacks.add(Stack.of(get(s.slot, s.type, s.count * s.rows, s.cols), s.count));
        }
        eighOrders.forEach((type, order) -> eigh[type.ordinal()] = backend.eighWorkspace(arena, type, order));
    }

    private Matrix allocate(Arena arena, Shape s) {
        return READ_BY_JAVA.contains(s.slot)
                ? backend.allocateHost(arena, s.type, s.rows, s.cols)
                : backend.allocate(arena, s.type, s.rows, s.cols);
    }

    /** The reserved matrix of this shape: the same view at every call, so that a step allocates nothing. */
    Matrix get(Slot slot, ElementType type, int rows, int cols) {
        for (int i = 0; i < shapes.size(); i++) {
            Shape s = shapes.get(i);
            if (s.slot == slot && s.type == type && s.rows == rows && s.cols == cols) return views.get(i);
        }
        throw new IllegalStateException("workspace: no %s of %d×%d %s was reserved".formatted(slot, rows, cols, type));
    }

    /** The reserved stack of so many matrices of this shape: the same views at every call. */
    Stack stack(Slot slot, ElementType type, int count, int rows, int cols) {
        for (int i = 0; i < stackShapes.size(); i++) {
            StackShape s = stackShapes.get(i);
            boolean same = s.slot == slot && s.type == type && s.count == count && s.rows == rows && s.cols == cols;
            if (same) return stacks.get(i);
        }
        throw new IllegalStateException("workspace: no %s of %d times %d×%d %s was reserved"
                .formatted(slot, count, rows, cols, type));
    }

    /** LAPACK's workspace for matrices of this type. */
    EighWorkspace eigh(ElementType type) {
        return eigh[type.ordinal()];
    }

    private static long bytes(Shape s) {
        return (long) s.rows * s.cols * s.type.byteSize();
    }
}
