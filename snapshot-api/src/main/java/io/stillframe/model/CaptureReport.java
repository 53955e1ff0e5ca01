package io.stillframe.model;

import java.time.Instant;
import java.util.List;

/**
 * What really happened at the capture.
 *
 * @param mode how the point in time was asked for
 * @param consistency what was really achieved
 * @param pointInTime when the point in time was held
 * @param downtime how long the instance did not serve
 * @param shutdownEvents shutdown events sent, 0 for a live capture or an instance that was off
 * @param guestReboots how often the guest rebooted itself instead of stopping while it was asked to
 * @param notes what a person should know besides, in the order it happened, e.g. why a quiesce was not possible
 */
public record CaptureReport(
        CaptureMode mode,
        Consistency consistency,
        Instant pointInTime,
        Downtime downtime,
        int shutdownEvents,
        int guestReboots,
        List<String> notes) {
    public CaptureReport {
        notes = List.copyOf(notes);
    }
}
