// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The flight recorder's event of one optimizer step; its duration is the step's. */
@Name("org.asgo4j.Step")
@Label("Optimizer step")
@Category("asgo4j")
@StackTrace(false)
final class StepEvent extends Event {
    private static final EventType TYPE = EventType.getEventType(StepEvent.class);

    @Label("Step")
    long step;

    @Label("Gradient norm")
    double gradientNorm;

    @Label("Clip factor")
    double clipFactor;

    @Label("Update-to-weight ratio")
    @Description("NaN where it was not measured")
    double updateRatio;

    @Label("Condition number")
    @Description("the largest of a gram matrix with its damping")
    double condition;

    @Label("Roots computed")
    long refreshes;

    @Label("Roots repeated in float64")
    long rootRetries;

    @Label("Roots kept after a failure")
    long rootsKept;

    @Label("Staleness")
    @Description("steps between the gram matrix of a root in use and now")
    long staleness;

    @Label("Skipped")
    boolean skipped;

    @Label("Milliseconds")
    double milliseconds;

    /** A begun event, or null if nobody records: a step then allocates nothing. */
    static StepEvent start() {
        if (!TYPE.isEnabled()) return null;
        StepEvent event = new StepEvent();
        event.begin();
        return event;
    }

    void commit(StepReport report) {
        end();
        step = report.step();
        gradientNorm = report.gradientNorm();
        clipFactor = report.clipFactor();
        updateRatio = report.updateRatio();
        condition = report.condition();
        refreshes = report.refreshes();
        rootRetries = report.rootRetries();
        rootsKept = report.rootsKept();
        staleness = report.staleness();
        skipped = report.skipped();
        milliseconds = report.nanoseconds() / 1e6;
        commit();
    }
}
