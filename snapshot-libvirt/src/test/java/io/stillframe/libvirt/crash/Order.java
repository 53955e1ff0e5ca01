package io.stillframe.libvirt.crash;

import io.stillframe.testing.CallPoint;
import java.util.Optional;

/**
 * What a child is to do, as one line.
 *
 * @param work its work
 * @param subject for work on an available snapshot, its identity; else empty
 * @param at the point to act at; none for a run that only tells its points
 * @param act what happens there
 * @param delayMillis how long after the point, for calls that take long; 0 is at the point itself
 */
record Order(Work work, String subject, Optional<CallPoint> at, Act act, long delayMillis) {
    /** What happens at the point. */
    enum Act {
        /** The child kills itself with SIGKILL. */
        KILL_ENGINE,
        /** The child says so and waits until it is told to go on; the parent does harm meanwhile. */
        WAIT,
        /** The child cancels its snapshot from another thread, and the call goes on. */
        CANCEL
    }

    static Order dryRun(Work work, String subject) {
        return new Order(work, subject, Optional.empty(), Act.WAIT, 0);
    }

    static Order parse(String line) {
        String[] parts = line.split("\\|", -1);
        return new Order(
                Work.valueOf(parts[0]),
                parts[1],
                parts[2].isEmpty() ? Optional.empty() : Optional.of(CallPoint.parse(parts[2])),
                Act.valueOf(parts[3]),
                Long.parseLong(parts[4]));
    }

    String line() {
        return String.join(
                "|",
                work.name(),
                subject,
                at.map(CallPoint::toString).orElse(""),
                act.name(),
                Long.toString(delayMillis));
    }

    @Override
    public String toString() {
        String when = delayMillis == 0 ? "" : " + " + delayMillis + " ms";
        return work + " " + at.map(CallPoint::toString).orElse("dry run") + when;
    }
}
