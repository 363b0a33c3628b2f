// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedSet;
import java.util.function.DoubleBinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes tables of measured medians into Markdown, between two comments:
 *
 * <pre>{@code
 * <!-- table:gemm benchmark=OperationBench.gemm rows=implementation columns=size threads=1 -->
 * <!-- end:gemm -->
 * }</pre>
 *
 * <p>Comments that don't begin their line are left alone. {@code benchmark} is a class or a class and method; {@code
 * rows} and {@code columns} are parameters, or {@code method}; {@code metric} is an auxiliary counter, unless it is
 * the score; {@code metrics=a,b} are several, a column each, in place of {@code columns}; whatever else is given is the
 * value that a parameter must have. Of two results for one cell the later one counts. The best time or rate of a column
 * is bold.
 */
public final class ResultsTable {
    private static final Pattern TABLE = Pattern.compile(
            "(?sm)^(<!-- table:([\\w-]+)((?: [\\w-]+=[^ \\n]+)*) -->\\n).*?^(<!-- end:\\2 -->)");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final int DIGITS = 3;

    /** JMH's unit of counters that are neither times nor rates. */
    private static final String COUNTED = "#";

    private final String name;
    private final Map<String, String> options = new LinkedHashMap<>();
    private final List<Measured> results;

    private ResultsTable(String name, String options, List<Measured> all) {
        this.name = name;
        for (String option : options.strip().split(" ")) {
            int equals = option.indexOf('=');
            if (equals > 0) this.options.put(option.substring(0, equals), option.substring(equals + 1));
        }
        String benchmark = take("benchmark", null);
        this.results = all.stream()
                .filter(result -> (result.benchmark() + ".").startsWith(benchmark + "."))
                .toList();
    }

    /** Arguments: the folder of results, then the files to write tables into. */
    public static void main(String[] arguments) throws IOException {
        List<Measured> results = Measured.readAll(Path.of(arguments[0]));
        for (String file : Arrays.asList(arguments).subList(1, arguments.length)) {
            String text = Files.readString(Path.of(file));
            Files.writeString(Path.of(file), fill(text, results));
        }
    }

    /**
     * A text with its tables filled.
     *
     * @throws IllegalArgumentException if a table names what was not measured; the message names the table
     */
    static String fill(String text, List<Measured> results) {
        Matcher table = TABLE.matcher(text);
        return table.replaceAll(match -> Matcher.quoteReplacement(
                match.group(1) + new ResultsTable(match.group(2), match.group(3), results).text() + match.group(4)));
    }

    private String text() {
        String rows = take("rows", null);
        String several = options.remove("metrics");
        String columns = several == null ? take("columns", null) : null;
        List<String> metrics = List.of((several == null ? take("metric", Measured.SCORE) : several).split(","));
        Map<String, Map<String, Measured.Metric>> cells = new LinkedHashMap<>(); // by row, then column
        SequencedSet<String> header = new LinkedHashSet<>();
        Map<String, Map<String, Measured.Run>> runs = new LinkedHashMap<>();
        for (Measured result : results) {
            if (!result.parameters().entrySet().containsAll(options.entrySet())) continue;
            String row = parameter(result, rows);
            for (String metric : metrics) {
                String column = columns == null ? metric : parameter(result, columns);
                Measured.Metric value = result.metrics().get(metric);
                if (value == null) throw problem("has no metric " + metric + " of " + result.benchmark());
                header.add(column);
                cells.computeIfAbsent(row, _ -> new LinkedHashMap<>()).put(column, value);
                runs.computeIfAbsent(row, _ -> new LinkedHashMap<>()).put(column, result.run());
            }
        }
        if (cells.isEmpty()) throw problem("fits no result");
        return markdown(rows, cells, sorted(header)) + sources(runs);
    }

    private String markdown(String rows, Map<String, Map<String, Measured.Metric>> cells, List<String> header) {
        List<String> units = cells.values().stream().flatMap(row -> row.values().stream())
                .map(Measured.Metric::unit).distinct().toList();
        if (units.size() > 1) throw problem("mixes units: " + units);
        String unit = units.getFirst();
        boolean counted = unit.equals(COUNTED);
        Map<String, Double> best = counted ? Map.of() : best(cells, unit.endsWith("/op"));
        var text = new StringBuilder("\n| %s | %s |\n".formatted(counted ? rows : unit, String.join(" | ", header)));
        text.append("|").append(" --- |".repeat(header.size() + 1)).append("\n");
        cells.forEach((row, values) -> {
            text.append("| ").append(row).append(" |");
            for (String column : header) {
                Measured.Metric value = values.get(column);
                String shown = value == null ? "" : shown(value.median());
                boolean bold = value != null && cells.size() > 1 && best.get(column) != null
                        && value.median() == best.get(column);
                text.append(bold ? " **" + shown + "** |" : " " + shown + " |");
            }
            text.append("\n");
        });
        return text.toString();
    }

    /** The best of each column: the least of a time per operation, the most of a rate. */
    private static Map<String, Double> best(Map<String, Map<String, Measured.Metric>> cells, boolean least) {
        Map<String, Double> best = new LinkedHashMap<>();
        DoubleBinaryOperator better = least ? Math::min : Math::max;
        for (Map<String, Measured.Metric> row : cells.values()) {
            row.forEach((column, value) -> best.merge(column, value.median(), better::applyAsDouble));
        }
        return best;
    }

    /** A line for each run that is in the table. */
    private static String sources(Map<String, Map<String, Measured.Run>> runs) {
        var text = new StringBuilder("\n");
        runs.values().stream().flatMap(row -> row.values().stream()).distinct()
                .sorted(Comparator.comparing(Measured.Run::date))
                .forEach(run -> text.append("%s, %s: `%s`\n".formatted(run.machine(), run.date(), run.command())));
        return text.append("\n").toString();
    }

    /** By size where all are numbers, otherwise as they came. */
    private static List<String> sorted(SequencedSet<String> header) {
        List<String> sorted = new ArrayList<>(header);
        if (sorted.stream().allMatch(column -> NUMBER.matcher(column).matches())) {
            sorted.sort(Comparator.comparingLong(Long::parseLong));
        }
        return sorted;
    }

    /** Three significant digits, without an exponent. */
    static String shown(double value) {
        if (value == 0 || !Double.isFinite(value)) return Double.toString(value);
        int magnitude = (int) Math.floor(Math.log10(Math.abs(value)));
        return String.format(Locale.ROOT, "%." + Math.max(0, DIGITS - 1 - magnitude) + "f", value);
    }

    private String parameter(Measured result, String parameter) {
        String value = result.parameters().get(parameter);
        if (value == null) throw problem("needs a parameter " + parameter + ", which " + result + " has not");
        return value;
    }

    private String take(String option, String otherwise) {
        String value = options.remove(option);
        if (value == null) value = otherwise;
        if (value == null) throw problem("needs " + option + "=…");
        return value;
    }

    private IllegalArgumentException problem(String what) {
        return new IllegalArgumentException("table '" + name + "' " + what);
    }
}
