// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.Arrays;
import java.util.List;
import org.asgo4j.optim.Refresh;

/**
 * When ASGO computes its roots, before the length of a training is known.
 *
 * @param kind the policy
 * @param interval its steps, at least 1; 0 for {@link Kind#ADAPTIVE}, which has none
 */
public record RefreshChoice(Kind kind, int interval) {
    private static final String EXPECTED = "N, early:N, adaptive or async:N with N steps, at least 1";
    private static final String SEPARATOR = ":";

    /** A step waits for a root when the one in use is this many intervals old: one more than it takes to begin it. */
    private static final int STALE_INTERVALS = 2;

    /** The policies of {@link Refresh}. */
    public enum Kind {
        /** Every N steps. */
        EVERY,
        /** Every step in the first tenth, then every N. */
        EARLY,
        /** When the eigenbasis has turned. */
        ADAPTIVE,
        /** Every N steps, by a background thread; not reproducible to the bit. */
        ASYNC
    }

    /** Checks the interval. */
    public RefreshChoice {
        int largest = kind == Kind.ASYNC ? Integer.MAX_VALUE / STALE_INTERVALS : Integer.MAX_VALUE;
        if (kind == Kind.ADAPTIVE ? interval != 0 : interval < 1 || interval > largest) {
            throw new IllegalArgumentException("refresh %s with interval %d; expected %s"
                    .formatted(Choice.name(kind), interval, EXPECTED));
        }
    }

    /**
     * Reads {@code 10}, {@code early:10}, {@code adaptive} or {@code async:10}.
     *
     * @throws IllegalArgumentException if it is something else; the message says what there is
     */
    public static RefreshChoice parse(String text) {
        try {
            if (text.equals(Choice.name(Kind.ADAPTIVE))) return new RefreshChoice(Kind.ADAPTIVE, 0);
            List<String> parts = Arrays.asList(text.split(SEPARATOR, -1));
            if (parts.size() == 1) return new RefreshChoice(Kind.EVERY, Integer.parseInt(text));
            Kind kind = Choice.parse("refresh", parts.getFirst(), List.of(Kind.EARLY, Kind.ASYNC));
            return new RefreshChoice(kind, Integer.parseInt(text.substring(parts.getFirst().length() + 1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--refresh must be %s, got '%s'".formatted(EXPECTED, text), e);
        }
    }

    /** What {@link #parse} reads. */
    public String label() {
        return switch (kind) {
            case EVERY -> String.valueOf(interval);
            case ADAPTIVE -> Choice.name(kind);
            case EARLY, ASYNC -> Choice.name(kind) + SEPARATOR + interval;
        };
    }

    /** Whether it needs a root that keeps an eigenbasis, which a training then takes unless told another. */
    boolean needsBasis() {
        return kind == Kind.ADAPTIVE;
    }

    /** The policy in a training of so many steps. */
    Refresh over(int steps) {
        return switch (kind) {
            case EVERY -> Refresh.every(interval);
            case EARLY -> Refresh.earlyThenEvery(steps, interval);
            case ADAPTIVE -> Refresh.adaptive();
            case ASYNC -> Refresh.asynchronous(interval, STALE_INTERVALS * interval);
        };
    }
}
