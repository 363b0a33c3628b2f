// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.asgo4j.bench.Growth.Point;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures of made-up points. */
class GrowthChartTest {
    @TempDir
    Path folder;

    @Test
    void thereIsAPictureOfEverySeries() throws IOException {
        List<String> series = List.of("square", "mlp", "blocks");
        List<Point> points = new ArrayList<>();
        for (String each : series) {
            for (MeasuredRule rule : List.of(MeasuredRule.ASGO, MeasuredRule.ADAMW)) {
                for (int n : List.of(64, 128)) points.add(new Point(each, rule, n, n * n, n * 1e-3, 8L * n * n));
            }
        }
        GrowthChart.writeAll(folder, points);
        for (String each : series) {
            assertNotNull(ImageIO.read(folder.resolve("growth-" + each + ".png").toFile()), each);
        }
    }

    @Test
    void aLineHasEveryNumber() {
        assertEquals("square,ADAMW,64,4096,0.5000,32768\n",
                new Point("square", MeasuredRule.ADAMW, 64, 4096, 0.5, 32768).line().replace("\r\n", "\n"));
    }
}
