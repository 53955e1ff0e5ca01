package io.stillframe.model;

import java.time.Duration;

/**
 * How long the instance did not serve because of the snapshot, split by who spent it. All zero for an instance that was off.
 *
 * @param guestStop from the first shutdown event until the guest was off: the guest's own time, or the whole window and the hard
 *     stop if it was forced; zero for a live capture
 * @param hold from there (live: from the freeze) until the point in time was held: our own part
 * @param start from there until the hypervisor had the instance running again (live: thawed); the guest's boot comes after it
 */
public record Downtime(Duration guestStop, Duration hold, Duration start) {
    public Downtime {
        if (guestStop.isNegative() || hold.isNegative() || start.isNegative()) {
            throw SnapshotException.invalid(
                    "downtime must not be negative: stop " + guestStop + ", hold " + hold + ", start " + start);
        }
    }

    public static Downtime none() {
        return new Downtime(Duration.ZERO, Duration.ZERO, Duration.ZERO);
    }

    public Duration total() {
        return guestStop.plus(hold).plus(start);
    }
}
