// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.asgo4j.linalg.Backend;

/** Wraps a backend so that chosen calls fail: with an exception, or by what is done to their results. */
public final class FaultyBackend {

    /** Decides about one call. */
    @FunctionalInterface
    public interface Fault {
        /**
         * Called before the operation when {@code done} is false, and after it when true.
         *
         * @param operation the operation's name
         * @param arguments its arguments
         */
        void strike(String operation, Object[] arguments, boolean done);
    }

    private FaultyBackend() {}

    /** One that does nothing and returns false where it is asked for the operation, as one that does not have it. */
    static Backend without(String operation, Backend real) {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals(operation)) return false;
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** The backend with a fault that may strike before and after each call. */
    public static Backend around(Backend real, Fault fault) {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    fault.strike(method.getName(), arguments, false);
                    Object result;
                    try {
                        result = method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                    fault.strike(method.getName(), arguments, true);
                    return result;
                });
    }
}
