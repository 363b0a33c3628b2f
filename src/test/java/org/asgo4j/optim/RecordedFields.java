// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.HashMap;
import java.util.Map;
import org.asgo4j.linalg.Matrix;

/** The fields of a state on the heap: filled from one state, then loaded into another. */
final class RecordedFields implements StateFields {
    private final Map<String, Object> values;
    private final String prefix;
    private final boolean loads;

    private RecordedFields(Map<String, Object> values, String prefix, boolean loads) {
        this.values = values;
        this.prefix = prefix;
        this.loads = loads;
    }

    /** What {@code state} names, each field once. */
    static RecordedFields of(RuleState state) {
        var fields = new RecordedFields(new HashMap<>(), "", false);
        state.persist(fields);
        return fields;
    }

    /** Gives {@code state} the recorded values. */
    void loadInto(RuleState state) {
        state.persist(new RecordedFields(values, prefix, true));
    }

    Map<String, Object> values() {
        return values;
    }

    @Override
    public void matrix(String name, Matrix m) {
        if (loads) Dense.set(m, (double[][]) recorded(name));
        else record(name, Dense.of(m));
    }

    @Override
    public void triangle(String name, Matrix m) {
        double[][] lower = Dense.of(m);
        if (!loads) {
            for (int i = 0; i < lower.length; i++) {
                for (int j = i + 1; j < lower.length; j++) lower[i][j] = 0;
            }
            record(name, lower);
            return;
        }
        double[][] stored = (double[][]) recorded(name);
        for (int i = 0; i < lower.length; i++) {
            for (int j = 0; j <= i; j++) m.set(i, j, stored[i][j]);
        }
    }

    @Override
    public boolean derivedTriangle(String name, Matrix m, boolean present) {
        boolean kept = flag(name + " present", present);
        if (kept) triangle(name, m);
        return kept;
    }

    @Override
    public long integer(String name, long value, long least, long largest) {
        if (loads) return (long) recorded(name);
        if (value < least || value > largest) throw new IllegalStateException(prefix + name + " is " + value);
        record(name, value);
        return value;
    }

    @Override
    public boolean loads() {
        return loads;
    }

    @Override
    public StateFields part(String part) {
        return new RecordedFields(values, prefix + part + ".", loads);
    }

    private void record(String name, Object value) {
        if (values.put(prefix + name, value) != null) {
            throw new IllegalStateException("two fields are named " + prefix + name);
        }
    }

    private Object recorded(String name) {
        Object value = values.get(prefix + name);
        if (value == null) throw new IllegalStateException("no field was recorded as " + prefix + name);
        return value;
    }
}
