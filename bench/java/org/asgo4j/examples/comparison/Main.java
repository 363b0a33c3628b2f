// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.asgo4j.examples.Digits;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;

/**
 * Compares all optimizers on all problems: a table on the screen and in {@code README.md}, and per problem a CSV of all
 * curves and a picture. The one argument is the folder for them.
 */
public final class Main {
    private Main() {}

    /** Runs; see the class. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createDirectories(Path.of(arguments.length > 0 ? arguments[0] : "target/examples"));
        Digits digits = Digits.read();
        var report = new StringBuilder("# Optimizers beyond language models\n\n");
        try (Backend backend = Backends.open()) {
            report.append("Backend %s, Java %s, %d processors. %s%n".formatted(backend.name(), Runtime.version(),
                    Runtime.getRuntime().availableProcessors(), Comparison.method()));
            for (Example example : Example.values()) {
                List<Result> results = new Comparison(example, digits).run(backend);
                String name = example.name().replace('_', '-').toLowerCase(Locale.ROOT);
                ResultTables.writeCsv(folder.resolve(name + ".csv"), results);
                ResultChart.write(folder.resolve(name + ".png"), example, results);
                String section = "%n## %s, %d steps, loss in %s%n%n%s".formatted(example.title(), example.steps(),
                        example.unit(), ResultTables.markdown(results));
                System.out.println(section);
                report.append(section);
            }
        }
        Files.writeString(folder.resolve("README.md"), report);
    }
}
