// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.asgo4j.linalg.Side;

/**
 * The flight recorder's event of one refresh of a root or basis of one weight; its duration is the refresh's. Off
 * unless a recording asks for it, since its residual takes as long as the root: a step of 4.2 ms took 8.2.
 */
@Enabled(false)
@Name("org.asgo4j.Refresh")
@Label("Root or eigenbasis")
@Category("asgo4j")
@Description("A gram matrix was rooted or decomposed, or could not be")
@StackTrace(false)
final class RefreshEvent extends Event {
    private static final EventType TYPE = EventType.getEventType(RefreshEvent.class);

    @Label("Parameter")
    String parameter;

    @Label("Side")
    @Description("LEFT for the gram matrix of rows, RIGHT for that of columns")
    String side;

    @Label("Step")
    long step;

    @Label("Method")
    String method;

    @Label("Smallest eigenvalue")
    double smallestEigenvalue;

    @Label("Largest eigenvalue")
    double largestEigenvalue;

    @Label("Condition number")
    @Description("of the gram matrix with its damping, if any")
    double condition;

    @Label("Residual")
    @Description("‖I − PVP‖_F/√k for P = V^(−1/2), however it is held; NaN for a basis")
    double residual;

    @Label("Failures in a row")
    long failuresInARow;

    @Label("Fallbacks")
    @Description("decompositions that Newton's iteration needed after all, so far")
    long fallbacks;

    /** A begun event, or null if nobody records: a step then allocates nothing. */
    static RefreshEvent start() {
        if (!TYPE.isEnabled()) return null;
        RefreshEvent event = new RefreshEvent();
        event.begin();
        return event;
    }

    void commit(WeightName weight, Side ofSide, long atStep, RootReport report, RootCounts counts, double unit,
            double measured) {
        end();
        parameter = weight.get();
        side = ofSide.name();
        step = atStep;
        method = report.method.name();
        smallestEigenvalue = report.smallest * unit * unit;
        largestEigenvalue = report.largest * unit * unit;
        condition = report.condition;
        residual = measured;
        failuresInARow = counts.keptInARow;
        fallbacks = report.fallbacks;
        commit();
    }
}
