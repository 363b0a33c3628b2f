// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables of small results in JMH's format. */
class ResultsTableTest {
    private static final String RESULT = """
            {"benchmark": "org.asgo4j.bench.OperationBench.%s", "mode": "sample",
             "params": {"implementation": "%s", "size": "%s", "threads": "%s"},
             "primaryMetric": {"score": 77, "scoreError": "NaN", "scoreUnit": "ms/op",
                "scorePercentiles": {"0.0": 0.5, "50.0": %s, "100.0": 9e9}, "rawDataHistogram": [[[[0.5, 2]], []]]},
             "secondaryMetrics": {"gigabytes": {"scorePercentiles": {"50.0": 12.5}, "scoreUnit": "ops/s"},
                "state": {"scorePercentiles": {"50.0": 8}, "scoreUnit": "#"},
                "heap": {"scorePercentiles": {"50.0": 0.25}, "scoreUnit": "#"}}}""";
    private static final String MARKERS = """
            before
            <!-- table:gemm benchmark=OperationBench.gemm rows=implementation columns=size threads=1 -->
            old
            <!-- end:gemm -->
            after
            """;

    private static final int DAY = "2026-01-01".length();

    @TempDir
    Path folder;

    @Test
    void aTableHasMediansInOrderTheBestInBoldAndItsSource() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "1024", "1", "12.345"),
                result("gemm", "openblas", "64", "1", "0.0123456"), result("gemm", "ejml", "64", "1", "1234.5"),
                result("gemm", "ejml", "64", "2", "0.001"), result("syrk", "ejml", "64", "1", "0.001"));
        assertEquals("""
                before
                <!-- table:gemm benchmark=OperationBench.gemm rows=implementation columns=size threads=1 -->

                | ms/op | 64 | 1024 |
                | --- | --- | --- |
                | openblas | **0.0123** | **12.3** |
                | ejml | 1235 |  |

                a machine, 2026-01-01, a.json: `mvn a`

                <!-- end:gemm -->
                after
                """, filled(MARKERS));
    }

    @Test
    void markersThatAreNotUnderstoodAreRefused() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "64", "1", "1"));
        assertProblem("lacks its end", MARKERS.replace("end:gemm", "end:gem"));
        assertProblem("is not written as it must be", MARKERS.replace("<!-- table", "<!--  table"));
        assertProblem("is not written as it must be", MARKERS.replace("threads=1", "threads="));
        assertProblem("is not written as it must be", MARKERS.replace(" columns", "  columns"));
        assertProblem("table 'gemm' is there twice", MARKERS + MARKERS);
        String sources = "<!-- sources:all tables=gemm, -->\n<!-- end:all -->\n";
        assertProblem("sources 'all' name table ''", MARKERS + sources);
    }

    @Test
    void resultsOfOtherParametersAreNoLaterOnes() throws IOException {
        write("a", "2026-01-01 10:00", result("gemm", "openblas", "64", "1", "1"));
        write("b", "2026-01-01 11:00", result("gemm", "openblas", "64", "2", "1"));
        assertProblem("two kinds of results for row 'openblas', column '64'", MARKERS.replace(" threads=1", ""));
    }

    @Test
    void casesDontCompete() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "64", "1", "1"),
                result("gemm", "openblas", "64", "2", "2"));
        String text = filled(MARKERS.replace("rows=implementation", "rows=threads").replace(" threads=1", ""));
        assertTrue(text.contains("| 1 | 1.00 |"), text);
    }

    @Test
    void threeDigitsAreShown() {
        assertEquals("10.0", ResultsTable.shown(9.996));
        assertEquals("9.99", ResultsTable.shown(9.994));
        assertEquals("100", ResultsTable.shown(99.96));
        assertEquals("1.00", ResultsTable.shown(0.9996));
        assertEquals("1235", ResultsTable.shown(1234.6));
    }

    @Test
    void anIndentedExampleIsNoTable() throws IOException {
        write("a", "2026-01-01", result("syrk", "openblas", "64", "1", "1"));
        assertEquals(MARKERS.indent(4), filled(MARKERS.indent(4)));
    }

    @Test
    void fillingAgainChangesNothing() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "64", "1", "1"));
        assertEquals(filled(MARKERS), filled(filled(MARKERS)));
    }

    @Test
    void theLaterOfTwoResultsCountsWhateverTheFilesAreCalled() throws IOException {
        write("z", "2026-01-01 09:59", result("gemm", "openblas", "64", "1", "1"),
                result("gemm", "ejml", "64", "1", "3"));
        write("a", "2026-01-01 10:00", result("gemm", "openblas", "64", "1", "2"));
        String text = filled(MARKERS);
        assertTrue(text.contains("| openblas | **2.00** |"), text);
        write("z", "2026-01-01 10:01", result("gemm", "openblas", "64", "1", "1"));
        assertTrue(filled(MARKERS).contains("| openblas | 1.00 |"));
        assertTrue(!filled(MARKERS).contains("mvn a"), "a run that no number is of");
    }

    @Test
    void twoResultsOfTheSameMinuteAreRefused() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "64", "1", "1"), result("gemm", "ejml", "64", "1", "1"));
        write("b", "2026-01-01", result("gemm", "openblas", "64", "1", "2"), result("gemm", "ejml", "64", "2", "1"));
        assertProblem("row 'openblas', column '64', in a.json and b.json", MARKERS);
        write("b", "2026-01-01 13:00", result("gemm", "ejml", "64", "1", "2"), result("gemm", "ejml", "64", "1", "1"));
        assertProblem("row 'ejml', column '64', in b.json and b.json", MARKERS);
    }

    @Test
    void runsOnOneMachineAreAListWithTheirRowsAndNotes() throws IOException {
        write("a", "2026-01-02", result("gemm", "libtorch", "64", "1", "3"), result("gemm", "ejml", "64", "1", "3"));
        write("b", "2026-01-01", result("gemm", "openblas", "64", "1", "1"));
        Files.writeString(folder.resolve("b.properties"), "note = a remark\n", StandardOpenOption.APPEND);
        assertTrue(filled(MARKERS).contains("""
                | openblas | **1.00** |
                | ejml | 3.00 |
                | libtorch | 3.00 |

                <details><summary>a machine, 2026-01-01 to 2026-01-02; 2 runs</summary>

                - b.json (openblas): `mvn b`; a remark
                - a.json (libtorch, ejml): `mvn a`

                </details>

                <!-- end:gemm -->
                """), filled(MARKERS));
    }

    @Test
    void severalTablesShareTheirSources() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "64", "1", "1"), result("syrk", "ejml", "64", "1", "1"));
        String sources = "<!-- sources:both tables=gemm,syrk -->\nold\n<!-- end:both -->\n";
        String text = filled(MARKERS + MARKERS.replace("gemm", "syrk") + sources);
        assertEquals(text.indexOf("mvn a"), text.lastIndexOf("mvn a"), text);
        assertTrue(text.endsWith("""
                <!-- sources:both tables=gemm,syrk -->

                a machine, 2026-01-01, a.json: `mvn a`

                <!-- end:both -->
                """), text);
        assertProblem("sources 'both' name table 'syrk'", MARKERS + sources);
    }

    @Test
    void aRateIsBestWhereItIsMost() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "64", "1", "1"), result("gemm", "ejml", "64", "1", "2"));
        String text = filled(MARKERS.replace("threads=1", "metric=gigabytes"));
        assertTrue(text.contains("| ops/s | 64 |") && text.contains("| ejml | **12.5** |"), text);
        assertTrue(filled(MARKERS.replace("OperationBench.gemm rows=implementation", "OperationBench rows=method")
                .replace("threads=1", "implementation=ejml")).contains("| gemm | 2.00 |"));
    }

    @Test
    void aParameterCalledMethodIsTheParameter() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "64", "1", "1").replace("\"threads\"", "\"method\""));
        String text = filled(MARKERS.replace("rows=implementation", "rows=method").replace(" threads=1", ""));
        assertTrue(text.contains("| 1 | 1.00 |"), text);
    }

    @Test
    void countersAreColumnsAndNoneIsBest() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "64", "1", "1"), result("gemm", "ejml", "64", "1", "2"));
        String text = filled(MARKERS.replace("columns=size", "metrics=state,heap"));
        assertTrue(text.contains("""
                | implementation | state | heap |
                | --- | --- | --- |
                | openblas | 8.00 | 0.250 |
                | ejml | 8.00 | 0.250 |
                """), text);
    }

    @Test
    void whatWasNotMeasuredIsNamed() throws IOException {
        write("a", "2026-01-01", result("gemm", "openblas", "64", "1", "1"));
        assertProblem("table 'gemm' fits no result", MARKERS.replace("OperationBench.gemm", "OperationBench.symm"));
        assertProblem("table 'gemm' fits no result", MARKERS.replace("threads=1", "threads=2"));
        assertProblem("needs rows=", MARKERS.replace("rows=", "row="));
        assertProblem("parameter shape", MARKERS.replace("columns=size", "columns=shape"));
        write("a", "2026", result("gemm", "openblas", "64", "1", "1"));
        assertProblem("date like '2026-11-22 21:44', got '2026'", MARKERS);
        Files.delete(folder.resolve("a.properties"));
        assertProblem("a.properties must say 'machine", MARKERS);
    }

    /** A folder below another is not read with it. */
    @Test
    void anotherMachineHasAFolderAndPagesOfItsOwn() throws IOException {
        write("a", "2026-11-21", result("gemm", "openblas", "64", "1", "1"));
        Path other = Files.createDirectory(folder.resolve("other"));
        write("other/b", "2026-11-22", result("gemm", "openblas", "64", "1", "2"));
        Path page = Files.writeString(folder.resolve("README.md"), MARKERS);
        Path otherPage = Files.writeString(folder.resolve("OTHER.md"), MARKERS);
        ResultsTable.main(new String[] {folder.toString(), page.toString(), other.toString(), otherPage.toString()});
        assertTrue(Files.readString(page).contains("| openblas | 1.00 |"), Files.readString(page));
        assertTrue(Files.readString(otherPage).contains("| openblas | 2.00 |"), Files.readString(otherPage));
    }

    private void assertProblem(String expected, String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> filled(text)).getMessage();
        assertTrue(message.contains(expected), message);
    }

    /** Through {@link ResultsTable#main}. */
    private String filled(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("README.md"), text);
        ResultsTable.main(new String[] {folder.toString(), file.toString()});
        return Files.readString(file);
    }

    private static String result(String method, String implementation, String size, String threads, String median) {
        return RESULT.formatted(method, implementation, size, threads, median);
    }

    private void write(String name, String date, String... results) throws IOException {
        Files.writeString(folder.resolve(name + ".json"), "[" + String.join(",\n", results) + "]");
        Files.writeString(folder.resolve(name + ".properties"),
                "machine = a machine\ncommand = mvn %s\ndate = %s\n"
                        .formatted(name, date.length() == DAY ? date + " 12:00" : date));
    }
}
