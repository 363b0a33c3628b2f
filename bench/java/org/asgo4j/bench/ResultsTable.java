// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes tables of measured medians into Markdown, between two comments, and below each where it comes from:
 *
 * <pre>{@code
 * <!-- table:gemm benchmark=OperationBench.gemm rows=implementation columns=size threads=1 -->
 * <!-- end:gemm -->
 * <!-- sources:operations tables=gemm,syrk -->
 * <!-- end:operations -->
 * }</pre>
 *
 * <p>Comments that don't begin their line are left alone. {@code benchmark} is a class or a class and method; {@code
 * rows} and {@code columns} are parameters, or {@code method}; {@code metric} is an auxiliary counter, unless it is
 * the score; {@code metrics=a,b} are several, a column each, in place of {@code columns}; whatever else is given is the
 * value that a parameter must have. Of two results for one cell the later one counts; two of the same minute are
 * refused, and so are results that differ in a parameter that the table doesn't name. Where rows are implementations,
 * methods or optimizers, the best time or rate of a column is bold. {@code sources} says for several tables together
 * where they come from.
 */
public final class ResultsTable {
    private static final Pattern TABLE = Pattern.compile(
            "(?sm)^(<!-- table:([\\w-]+)((?: [\\w-]+=[^ \\n]+)*) -->\\n).*?^(<!-- end:\\2 -->)");
    private static final Pattern SOURCES = Pattern.compile(
            "(?sm)^(<!-- sources:([\\w-]+) tables=([\\w,-]+) -->\\n).*?^(<!-- end:\\2 -->)");
    private static final Pattern MARKER = Pattern.compile("(?m)^<!--\\s*(table|sources):.*$");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final int DIGITS = 3;

    /** Rows of implementations: ours, then pure Java, then those of native code. */
    private static final List<String> ORDER = List.of(
            "openblas", "mkl", "reference", "ejml", "ojalgo", "netlib-java", "netlib-vector", "netlib-jni", "nd4j",
            "libtorch");

    /** Parameters whose values compete: of other rows, such as cases, none is the best. */
    private static final Set<String> COMPETING = Set.of("implementation", "method", "optimizer");

    /** JMH's unit of counters that are neither times nor rates. */
    private static final String COUNTED = "#";

    private final String name;
    private final Map<String, String> options = new LinkedHashMap<>();
    private final List<Measured> results;
    private final Map<String, Map<String, Cell>> cells = new LinkedHashMap<>(); // by row, then column

    /** A number and what it was measured of. */
    private record Cell(Measured.Metric value, Measured of) {
        Measured.Run run() {
            return of.run();
        }

        private boolean isOfTheSame(Cell other) {
            return of.benchmark().equals(other.of.benchmark()) && of.parameters().equals(other.of.parameters());
        }
    }

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

    /** Arguments: a folder of results, then the files to write its tables into; and again, for another machine. */
    public static void main(String[] arguments) throws IOException {
        List<Measured> results = List.of();
        for (String argument : arguments) {
            Path path = Path.of(argument);
            if (Files.isDirectory(path)) {
                results = Measured.readAll(path);
            } else {
                Files.writeString(path, fill(Files.readString(path), results));
            }
        }
    }

    /**
     * A text with its tables and sources filled.
     *
     * @throws IllegalArgumentException if a table names what was not measured, or a comment is not one of a pair as
     *     above; the message names the table or quotes the comment
     */
    static String fill(String text, List<Measured> results) {
        requirePairs(text);
        Set<String> withoutSources = new HashSet<>();
        SOURCES.matcher(text).results().forEach(sources -> withoutSources.addAll(names(sources)));
        Map<String, Provenance> provenance = new HashMap<>();
        String filled = TABLE.matcher(text).replaceAll(match -> {
            var table = new ResultsTable(match.group(2), match.group(3), results);
            String rows = table.text();
            if (provenance.put(table.name, table.provenance()) != null) throw table.problem("is there twice");
            String sources = withoutSources.contains(table.name) ? "" : table.provenance().text();
            return Matcher.quoteReplacement(match.group(1) + rows + sources + "\n" + match.group(4));
        });
        return SOURCES.matcher(filled).replaceAll(match -> {
            var all = new Provenance();
            for (String table : names(match)) {
                Provenance one = provenance.get(table);
                if (one == null)
                    throw new IllegalArgumentException(
                            "sources '%s' name table '%s', which the page has not".formatted(match.group(2), table));
                all.addAll(one);
            }
            return Matcher.quoteReplacement(match.group(1) + all.text() + "\n" + match.group(4));
        });
    }

    private static void requirePairs(String text) {
        Set<String> understood = new HashSet<>();
        for (Pattern pattern : List.of(TABLE, SOURCES)) {
            pattern.matcher(text).results().forEach(match -> understood.add(match.group(1).strip()));
        }
        MARKER.matcher(text).results().map(MatchResult::group).filter(marker -> !understood.contains(marker.strip()))
                .findFirst().ifPresent(marker -> {
                    throw new IllegalArgumentException(marker + " is not written as it must be, or lacks its end");
                });
    }

    private static List<String> names(MatchResult sources) {
        return List.of(sources.group(3).split(",", -1));
    }

    private String text() {
        String rows = take("rows", null);
        String several = options.remove("metrics");
        String columns = several == null ? take("columns", null) : null;
        List<String> metrics = List.of((several == null ? take("metric", Measured.SCORE) : several).split(","));
        SequencedSet<String> header = new LinkedHashSet<>();
        for (Measured result : results) {
            if (!result.parameters().entrySet().containsAll(options.entrySet())) continue;
            String row = parameter(result, rows);
            for (String metric : metrics) {
                String column = columns == null ? metric : parameter(result, columns);
                Measured.Metric value = result.metrics().get(metric);
                if (value == null) throw problem("has no metric " + metric + " of " + result.benchmark());
                header.add(column);
                put(row, column, new Cell(value, result));
            }
        }
        if (cells.isEmpty()) throw problem("fits no result");
        return markdown(rows, sorted(header));
    }

    /** Results come in the order of their times. */
    private void put(String row, String column, Cell cell) {
        Cell before = cells.computeIfAbsent(row, _ -> new LinkedHashMap<>()).put(column, cell);
        if (before != null && !before.isOfTheSame(cell)) {
            throw problem("has two kinds of results for row '%s', column '%s': %s and %s; which, PARAMETER=VALUE?"
                    .formatted(row, column, before.of().parameters(), cell.of().parameters()));
        }
        if (before != null && before.run().time().equals(cell.run().time())) {
            throw problem("has two results of %s for row '%s', column '%s', in %s and %s; which counts?".formatted(
                    cell.run().time(), row, column, before.run().file(), cell.run().file()));
        }
    }

    private Provenance provenance() {
        var provenance = new Provenance();
        cells.forEach((row, values) -> values.values().forEach(cell -> provenance.add(row, cell.run())));
        return provenance;
    }

    private String markdown(String rows, List<String> header) {
        List<String> units = cells.values().stream().flatMap(row -> row.values().stream())
                .map(cell -> cell.value().unit()).distinct().toList();
        if (units.size() > 1) throw problem("mixes units: " + units);
        String unit = units.getFirst();
        boolean counted = unit.equals(COUNTED);
        boolean compete = COMPETING.contains(rows) && !counted && cells.size() > 1;
        Map<String, Double> best = compete ? best(unit.endsWith("/op")) : Map.of();
        var text = new StringBuilder("\n| %s | %s |\n".formatted(counted ? rows : unit, String.join(" | ", header)));
        text.append("|").append(" --- |".repeat(header.size() + 1)).append("\n");
        for (String row : inOrder(cells.keySet())) {
            text.append("| ").append(row).append(" |");
            for (String column : header) {
                Cell cell = cells.get(row).get(column);
                String shown = cell == null ? "" : shown(cell.value().median());
                boolean bold = cell != null && best.containsKey(column)
                        && cell.value().median() == best.get(column);
                text.append(bold ? " **" + shown + "** |" : " " + shown + " |");
            }
            text.append("\n");
        }
        return text.toString();
    }

    /** The best of each column: the least of a time per operation, the most of a rate. */
    private Map<String, Double> best(boolean least) {
        Map<String, Double> best = new LinkedHashMap<>();
        DoubleBinaryOperator better = least ? Math::min : Math::max;
        for (Map<String, Cell> row : cells.values()) {
            row.forEach((column, cell) -> best.merge(column, cell.value().median(), better::applyAsDouble));
        }
        return best;
    }

    /** Implementations in {@link #ORDER}; other rows behind them, as they came. */
    private static List<String> inOrder(Collection<String> rows) {
        return rows.stream().sorted(Comparator.comparingInt(row -> {
            int place = ORDER.indexOf(row);
            return place < 0 ? ORDER.size() : place;
        })).toList();
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
        double rounded = new BigDecimal(value).round(new MathContext(DIGITS)).doubleValue(); // 9.996 has one digit more
        int magnitude = (int) Math.floor(Math.log10(Math.abs(rounded)));
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
