// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.linalg.Backend;

/**
 * How the state of an optimizer lies in a safetensors file, version 1. Under a prefix, parameter {@code p} has the
 * metadata {@code p} (rule, shape, row blocks) and tensors {@code p/<field>}; the optimizer's own are {@code /<field>}.
 */
final class StateFile {
    /** Another layout gets another number. */
    private static final String FORMAT = "asgo4j-optimizer-1";

    private static final String FORMAT_KEY = "/optimizer";
    private static final String FIELD = "/";

    private StateFile() {}

    /** The optimizer's own fields. */
    record Own(long steps, long skippedSteps) {}

    static void add(
            Backend backend, SafetensorsWriter writer, String prefix, boolean withRoots, Arena scratch,
            List<NamedState> all, Own own) {
        writer.metadata(prefix + FORMAT_KEY, FORMAT);
        for (NamedState each : all) {
            String name = prefix + each.name();
            writer.metadata(name, each.description());
            each.state().persist(new StateWriter(backend, writer, scratch, name + FIELD, withRoots));
        }
        read(new StateWriter(backend, writer, scratch, prefix + FIELD, withRoots), own);
    }

    /** Checks everything, then loads; the optimizer's own fields from the file. */
    static Own load(
            Backend backend, Safetensors source, String prefix, List<NamedState> all, Own own) {
        checkDescriptions(source.metadata(), prefix, all);
        Set<String> seen = new HashSet<>();
        for (NamedState each : all) {
            each.state().persist(new StateReader(backend, source, name(prefix, each), StateReader.Mode.CHECK, seen));
        }
        read(new StateReader(backend, source, prefix + FIELD, StateReader.Mode.CHECK, seen), own);
        checkNothingElse(source, prefix, seen);
        for (NamedState each : all) {
            each.state().persist(new StateReader(backend, source, name(prefix, each), StateReader.Mode.LOAD, seen));
        }
        Own loaded = read(new StateReader(backend, source, prefix + FIELD, StateReader.Mode.LOAD, seen), own);
        backend.synchronize(); // any thread may step next
        return loaded;
    }

    private static String name(String prefix, NamedState each) {
        return prefix + each.name() + FIELD;
    }

    private static Own read(StateFields fields, Own own) {
        return new Own(
                fields.integer("steps", own.steps()), fields.integer("skipped_steps", own.skippedSteps()));
    }

    private static void checkDescriptions(Map<String, String> metadata, String prefix, List<NamedState> all) {
        String format = metadata.get(prefix + FORMAT_KEY);
        if (!FORMAT.equals(format)) {
            throw new StateMismatchException("the file's '%s' is %s, must be '%s'"
                    .formatted(prefix + FORMAT_KEY, format == null ? "missing" : "'" + format + "'", FORMAT));
        }
        for (NamedState each : all) {
            String stored = metadata.get(prefix + each.name());
            if (!each.description().equals(stored)) {
                throw new StateMismatchException("parameter '%s' is %s in the file, but %s in this optimizer"
                        .formatted(each.name(), stored == null ? "missing" : stored, each.description()));
            }
        }
    }

    /** A field nobody knows belongs to another optimizer, or to one with more parameters. */
    private static void checkNothingElse(Safetensors source, String prefix, Set<String> seen) {
        Set<String> owners = owners(source.metadata(), prefix);
        for (String name : source.names()) {
            if (!seen.contains(name) && isField(name, prefix, owners)) {
                throw new StateMismatchException("the file has '%s', which this optimizer has not".formatted(name));
            }
        }
    }

    /** What the file has fields of: the optimizer itself, and its parameters. Other tensors are not state. */
    private static Set<String> owners(Map<String, String> metadata, String prefix) {
        Set<String> owners = new HashSet<>(Set.of(prefix));
        metadata.forEach((key, value) -> {
            if (key.startsWith(prefix) && NamedState.isDescription(value)) owners.add(key);
        });
        return owners;
    }

    private static boolean isField(String name, String prefix, Set<String> owners) {
        if (!name.startsWith(prefix)) return false;
        for (int at = name.indexOf(FIELD, prefix.length()); at >= 0; at = name.indexOf(FIELD, at + 1)) {
            if (owners.contains(name.substring(0, at))) return true;
        }
        return false;
    }
}
