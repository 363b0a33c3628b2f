// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;

/** Where the rows of tables come from: machine, date, command and file of every run. */
final class Provenance {
    private final Map<Measured.Run, SequencedSet<String>> rows = new LinkedHashMap<>();

    void add(String row, Measured.Run run) {
        rows.computeIfAbsent(run, _ -> new LinkedHashSet<>()).add(row);
    }

    void addAll(Provenance other) {
        other.rows.forEach((run, names) -> names.forEach(name -> add(name, run)));
    }

    /** Markdown: a line for one run; of several runs on a machine a line, and a list that unfolds. */
    String text() {
        Map<String, List<Measured.Run>> byMachine = new LinkedHashMap<>();
        rows.keySet().stream().sorted(Comparator.comparing(Measured.Run::time).thenComparing(Measured.Run::file))
                .forEach(run -> byMachine.computeIfAbsent(run.machine(), _ -> new ArrayList<>()).add(run));
        var text = new StringBuilder();
        byMachine.forEach((machine, runs) -> text.append("\n").append(paragraph(machine, runs)));
        return text.toString();
    }

    private String paragraph(String machine, List<Measured.Run> runs) {
        if (runs.size() == 1) {
            Measured.Run run = runs.getFirst();
            return "%s, %s, %s\n".formatted(machine, days(runs), described(run, ""));
        }
        var text = new StringBuilder("<details><summary>%s, %s; %d runs</summary>\n\n"
                .formatted(machine, days(runs), runs.size()));
        Set<String> inAll = inAll(); // these need no saying
        for (Measured.Run run : runs) {
            List<String> names = rows.get(run).stream().filter(name -> !inAll.contains(name)).toList();
            String shown = names.isEmpty() ? "" : " (" + String.join(", ", names) + ")";
            text.append("- ").append(described(run, shown)).append("\n");
        }
        return text.append("\n</details>\n").toString();
    }

    private Set<String> inAll() {
        Set<String> common = new HashSet<>(rows.values().iterator().next());
        rows.values().forEach(common::retainAll);
        return common;
    }

    private static String described(Measured.Run run, String names) {
        String note = run.note().isEmpty() ? "" : "; " + run.note();
        return "%s%s: `%s`%s".formatted(run.file(), names, run.command(), note);
    }

    private static String days(List<Measured.Run> runs) {
        LocalDate first = runs.getFirst().time().toLocalDate();
        LocalDate last = runs.getLast().time().toLocalDate();
        return first.equals(last) ? first.toString() : first + " to " + last;
    }
}
