// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The samples of one implementation of a set's step, round by round, and how they are written: as JMH writes. */
final class StepSeries {
    private static final String BENCHMARK = "org.asgo4j.bench.StepComparison.step";
    private static final String C = "c";

    private final String set;
    private final int workers;
    private final int interval;
    private final String implementation;
    private final Runnable step;
    private final List<Double> samples = new ArrayList<>();

    StepSeries(String set, int workers, int interval, String implementation, Runnable step) {
        this.set = set;
        this.workers = workers;
        this.interval = interval;
        this.implementation = implementation;
        this.step = step;
    }

    Runnable step() {
        return step;
    }

    int interval() {
        return interval;
    }

    /** Adds a sample, in milliseconds per step. */
    void add(double milliseconds) {
        samples.add(milliseconds);
    }

    /**
     * Writes all series. Beside the times stand, of the samples of the same round, {@code overC}: the time divided by
     * that of C, and {@code speedup}: the time with one worker divided by this one.
     */
    static void write(Path file, List<StepSeries> all) throws IOException {
        var entries = new JsonArray();
        for (StepSeries each : all) entries.add(each.json(all));
        Files.writeString(file, new GsonBuilder().setPrettyPrinting().create().toJson(entries) + "\n");
    }

    private JsonObject json(List<StepSeries> all) {
        var parameters = new JsonObject();
        parameters.addProperty("set", set);
        parameters.addProperty("workers", Integer.toString(workers));
        parameters.addProperty("interval", Integer.toString(interval));
        parameters.addProperty("implementation", implementation);
        parameters.addProperty("case", set + " / " + interval);
        var others = new JsonObject();
        for (StepSeries other : all) {
            if (!other.set.equals(set) || other.interval != interval) continue;
            if (other.workers == workers && other.implementation.equals(C)) {
                others.add("overC", metric(quotients(samples, other.samples), "times C's ms/op"));
            }
            if (other.workers == 1 && other.implementation.equals(implementation)) {
                others.add("speedup", metric(quotients(other.samples, samples), "times one worker"));
            }
        }
        var entry = new JsonObject();
        entry.addProperty("benchmark", BENCHMARK);
        entry.add("params", parameters);
        entry.add("primaryMetric", metric(samples, "ms/op"));
        entry.add("secondaryMetrics", others);
        return entry;
    }

    private static List<Double> quotients(List<Double> dividends, List<Double> divisors) {
        List<Double> quotients = new ArrayList<>();
        for (int i = 0; i < dividends.size(); i++) quotients.add(dividends.get(i) / divisors.get(i));
        return quotients;
    }

    private static JsonObject metric(List<Double> values, String unit) {
        List<Double> sorted = values.stream().sorted().toList();
        int count = sorted.size();
        var percentiles = new JsonObject();
        percentiles.addProperty("0.0", sorted.getFirst());
        percentiles.addProperty("50.0", (sorted.get(count / 2) + sorted.get((count - 1) / 2)) / 2);
        percentiles.addProperty("100.0", sorted.getLast());
        var raw = new JsonArray();
        values.forEach(raw::add);
        var forks = new JsonArray();
        forks.add(raw);
        var metric = new JsonObject();
        metric.addProperty("score", values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN));
        metric.add("scorePercentiles", percentiles);
        metric.addProperty("scoreUnit", unit);
        metric.add("rawData", forks);
        return metric;
    }
}
