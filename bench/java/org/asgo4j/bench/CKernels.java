// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/**
 * The functions of {@code native/kernels}, compiled here with make and a C compiler into {@code target/native}. What
 * each does is the Java kernel's description; where that takes a segment and a first element, C takes a pointer.
 */
final class CKernels {
    static final MethodHandle AXPBY = procedure("axpby", JAVA_FLOAT, ADDRESS, JAVA_FLOAT, ADDRESS, JAVA_LONG);
    static final MethodHandle LOOK_AHEAD = procedure("look_ahead", JAVA_FLOAT, ADDRESS, JAVA_FLOAT, ADDRESS, ADDRESS,
            JAVA_LONG);
    static final MethodHandle SCALE = procedure("scale", JAVA_FLOAT, ADDRESS, JAVA_LONG);
    static final MethodHandle SCALE_AND_ADD = procedure("scale_and_add", JAVA_FLOAT, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle MULTIPLY = procedure("multiply", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle ADD_SQUARES = procedure("add_squares", JAVA_FLOAT, ADDRESS, JAVA_FLOAT, ADDRESS,
            JAVA_LONG);
    static final MethodHandle ADD_SQUARES_DOUBLE = procedure("add_squares_double", JAVA_DOUBLE, ADDRESS, JAVA_DOUBLE,
            ADDRESS, JAVA_LONG);
    static final MethodHandle DIVIDE_BY_ROOT = procedure("divide_by_root", ADDRESS, ADDRESS, JAVA_FLOAT, JAVA_FLOAT,
            ADDRESS, JAVA_LONG);
    static final MethodHandle LION = procedure("lion", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_FLOAT, JAVA_DOUBLE,
            JAVA_DOUBLE, JAVA_FLOAT, JAVA_FLOAT);
    static final MethodHandle ADAMW = procedure("adamw", ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_FLOAT,
            JAVA_DOUBLE, JAVA_DOUBLE, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT);
    static final MethodHandle SUM_OF_SQUARES = function("sum_of_squares", JAVA_DOUBLE, ADDRESS, JAVA_LONG);
    static final MethodHandle FIRST_NON_FINITE = function("first_non_finite", JAVA_LONG, ADDRESS, JAVA_LONG);
    static final MethodHandle WIDEN = procedure("widen", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle NARROW = procedure("narrow", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle SCALE_DOUBLE = procedure("scale_double", JAVA_DOUBLE, ADDRESS, JAVA_LONG);
    static final MethodHandle MIRROR = procedure("mirror", ADDRESS, JAVA_LONG, JAVA_LONG);
    static final MethodHandle TRANSPOSE = procedure("transpose", ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle GELU = procedure("gelu", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle GELU_BACKWARD = procedure("gelu_backward", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle LAYER_NORM = procedure("layer_norm", ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
            JAVA_INT, JAVA_INT, JAVA_FLOAT);
    static final MethodHandle LAYER_NORM_BACKWARD = procedure("layer_norm_backward", ADDRESS, ADDRESS, ADDRESS, ADDRESS,
            ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT);
    static final MethodHandle CAUSAL_SOFTMAX = procedure("causal_softmax", ADDRESS, JAVA_LONG, JAVA_INT, JAVA_FLOAT);
    static final MethodHandle CAUSAL_SOFTMAX_BACKWARD = procedure("causal_softmax_backward", ADDRESS, ADDRESS,
            JAVA_LONG, JAVA_INT, JAVA_FLOAT);
    static final MethodHandle CROSS_ENTROPY = function("cross_entropy", JAVA_DOUBLE, ADDRESS, JAVA_LONG, JAVA_INT,
            JAVA_INT, ADDRESS, JAVA_FLOAT);
    static final MethodHandle CROSS_ENTROPY_LOSS = function("cross_entropy_loss", JAVA_DOUBLE, ADDRESS, JAVA_LONG,
            JAVA_INT, JAVA_INT, ADDRESS);

    static final MethodHandle STREAM_COPY = procedure("stream_copy", ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle STREAM_SCALE = procedure("stream_scale", JAVA_FLOAT, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle STREAM_ADD = procedure("stream_add", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle STREAM_TRIAD = procedure("stream_triad", JAVA_FLOAT, ADDRESS, ADDRESS, ADDRESS,
            JAVA_LONG);
    static final MethodHandle STREAM_UPDATE = procedure("stream_update", JAVA_FLOAT, ADDRESS, ADDRESS, JAVA_LONG);
    static final MethodHandle STREAM_READ = function("stream_read", JAVA_INT, ADDRESS, JAVA_LONG);
    static final MethodHandle NOTHING = procedure("nothing");

    private CKernels() {
    }

    private static MethodHandle procedure(String name, MemoryLayout... parameters) {
        return NativeSources.KERNELS.handle(name, FunctionDescriptor.ofVoid(parameters));
    }

    private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... parameters) {
        return NativeSources.KERNELS.handle(name, FunctionDescriptor.of(result, parameters));
    }
}
