// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * One benchmark with one set of parameters, as JMH measured it.
 *
 * @param benchmark class and method, as in {@code OperationBench.gemm}
 * @param parameters its parameters by name, and its last name as {@code method} unless that is one of them
 * @param metrics medians by name: those of auxiliary counters, and {@link #SCORE} for the score itself
 * @param run where and when
 */
record Measured(String benchmark, Map<String, String> parameters, Map<String, Metric> metrics, Run run) {
    /** The name of the score itself. */
    static final String SCORE = "score";

    private static final String MEDIAN = "50.0";
    private static final String SUFFIX = ".json";

    /** A median in its unit; of all samples in JMH's mode of that name, otherwise of the iterations. */
    record Metric(double median, String unit) {}

    /**
     * What the file of properties beside a JSON file says.
     *
     * @param file name of the JSON file
     * @param command what was run, as it can be pasted
     * @param time when, to the minute: of two results the later one counts
     * @param note what else there is to say, or ""
     */
    record Run(String file, String machine, String command, LocalDateTime time, String note) {
        private static final DateTimeFormatter MINUTES = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm");

        private static Run of(Path json) throws IOException {
            String name = json.getFileName().toString();
            Path file = json.resolveSibling(name.substring(0, name.length() - SUFFIX.length()) + ".properties");
            var properties = new Properties();
            if (Files.exists(file)) {
                try (Reader reader = Files.newBufferedReader(file)) {
                    properties.load(reader);
                }
            }
            return new Run(name, named(properties, "machine", file), named(properties, "command", file),
                    time(named(properties, "date", file), file), properties.getProperty("note", ""));
        }

        private static LocalDateTime time(String date, Path file) {
            try {
                return LocalDateTime.parse(date, MINUTES);
            } catch (DateTimeParseException e) {
                throw new IllegalArgumentException(
                        "%s must give its date like '2026-11-22 21:44', got '%s'".formatted(file, date), e);
            }
        }

        private static String named(Properties properties, String key, Path file) {
            String value = properties.getProperty(key);
            if (value == null) throw new IllegalArgumentException("%s must say '%s = …'".formatted(file, key));
            return value;
        }
    }

    /** All that lies in a folder, the oldest first. */
    static List<Measured> readAll(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> listed = Files.list(folder)) {
            files = listed.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
        }
        List<Measured> all = new ArrayList<>();
        for (Path file : files) {
            Run run = Run.of(file);
            for (JsonElement entry : JsonParser.parseString(Files.readString(file)).getAsJsonArray()) {
                all.add(of(entry.getAsJsonObject(), run));
            }
        }
        all.sort(Comparator.comparing(measured -> measured.run().time()));
        return all;
    }

    private static Measured of(JsonObject entry, Run run) {
        String[] names = entry.get("benchmark").getAsString().split("\\.");
        String method = names[names.length - 1];
        Map<String, String> parameters = new LinkedHashMap<>();
        if (entry.has("params")) {
            entry.getAsJsonObject("params").asMap()
                    .forEach((name, value) -> parameters.put(name, value.getAsString()));
        }
        parameters.putIfAbsent("method", method); // a benchmark may have a parameter of that name
        Map<String, Metric> metrics = new LinkedHashMap<>();
        metrics.put(SCORE, metric(entry.getAsJsonObject("primaryMetric")));
        entry.getAsJsonObject("secondaryMetrics").asMap()
                .forEach((name, value) -> metrics.put(name, metric(value.getAsJsonObject())));
        return new Measured(names[names.length - 2] + "." + method, parameters, metrics, run);
    }

    private static Metric metric(JsonObject json) {
        String median = json.getAsJsonObject("scorePercentiles").get(MEDIAN).getAsString(); // a string where it is NaN
        return new Metric(Double.parseDouble(median), json.get("scoreUnit").getAsString());
    }
}
