package org.asgo4j.optim;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The flight recorder's event of one refresh of one weight's root; its duration is the refresh's. */
@Name("org.asgo4j.Refresh")
@Label("Inverse root")
@Category("asgo4j")
@Description("A gram matrix was rooted")
@StackTrace(false)
final class RefreshEvent extends Event {
    private static final EventType TYPE = EventType.getEventType(RefreshEvent.class);

    @Label("Parameter")
    String parameter;

    @Label("Step")
    long step;

    @Label("Method")
    String method;

    @Label("Smallest eigenvalue")
    double smallestEigenvalue;

    @Label("Largest eigenvalue")
    double largestEigenvalue;

    @Label("Condition number")
    @Description("of the gram matrix with its damping")
    double condition;

    @Label("Residual")
    @Description("‖I − PVP‖_F/√k")
    double residual;

    @Label("Failures in a row")
    long failuresInARow;

    @Label("Fallbacks")
    @Description("decompositions that Newton's warm start needed after all, so far")
    long fallbacks;

    /** A begun event, or null if nobody records: a step then allocates nothing. */
    static RefreshEvent start() {
        if (!TYPE.isEnabled()) return null;
        RefreshEvent event = new RefreshEvent();
        event.begin();
        return event;
    }

    void commit(WeightName weight, long atStep, RootReport report, RootCounts counts, double unit, double measured) {
        end();
        parameter = weight.get();
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
