// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * One benchmark with one set of parameters, as JMH measured it.
 *
 * @param benchmark class and method, as in {@code OperationBench.gemm}
 * @param parameters its parameters by name, and its last name as {@code method}
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

    /** The file of properties beside a JSON file. */
    record Run(String machine, String command, String date) {
        private static Run of(Path json) throws IOException {
            String name = json.getFileName().toString();
            Path file = json.resolveSibling(name.substring(0, name.length() - SUFFIX.length()) + ".properties");
            var properties = new Properties();
            if (Files.exists(file)) {
                try (Reader reader = Files.newBufferedReader(file)) {
                    properties.load(reader);
                }
            }
            return new Run(named(properties, "machine", file), named(properties, "command", file),
                    named(properties, "date", file));
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
            for (Object entry : (List<?>) Json.parse(Files.readString(file))) all.add(of((Map<?, ?>) entry, run));
        }
        all.sort((a, b) -> a.run().date().compareTo(b.run().date()));
        return all;
    }

    private static Measured of(Map<?, ?> entry, Run run) {
        String[] names = ((String) entry.get("benchmark")).split("\\.");
        String method = names[names.length - 1];
        Map<String, String> parameters = new LinkedHashMap<>();
        if (entry.get("params") instanceof Map<?, ?> params) {
            params.forEach((name, value) -> parameters.put((String) name, (String) value));
        }
        parameters.put("method", method);
        Map<String, Metric> metrics = new LinkedHashMap<>();
        metrics.put(SCORE, metric((Map<?, ?>) entry.get("primaryMetric")));
        ((Map<?, ?>) entry.get("secondaryMetrics"))
                .forEach((name, value) -> metrics.put((String) name, metric((Map<?, ?>) value)));
        return new Measured(names[names.length - 2] + "." + method, parameters, metrics, run);
    }

    private static Metric metric(Map<?, ?> json) {
        String median = (String) ((Map<?, ?>) json.get("scorePercentiles")).get(MEDIAN);
        return new Metric(Double.parseDouble(median), (String) json.get("scoreUnit"));
    }
}
