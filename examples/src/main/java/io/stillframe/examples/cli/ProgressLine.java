package io.stillframe.examples.cli;

import io.stillframe.model.Phase;
import io.stillframe.model.Progress;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** How far something is, as one line for people. */
final class ProgressLine {
    private static final int BAR = 24;

    private ProgressLine() {}

    /** Status and phase, e.g. {@code queued: transferring}. */
    static String state(Snapshot snapshot) {
        String status = lower(snapshot.status());
        return snapshot.status().settled() ? status : status + ": " + lower(snapshot.phase());
    }

    /** The bytes being moved, if any are. */
    static Optional<Progress> moving(Snapshot snapshot) {
        boolean moves = snapshot.status() == SnapshotStatus.QUEUED
                && (snapshot.phase() == Phase.TRANSFERRING || snapshot.phase() == Phase.PUBLISHING);
        return moves ? Optional.of(snapshot.progress()) : Optional.empty();
    }

    /**
     * State and time, or for a transfer state, bar, bytes and rate.
     *
     * @param elapsed since the state began
     * @param rate bytes read a second, 0 if not known yet
     */
    static String full(String state, Optional<Progress> moving, Duration elapsed, long rate) {
        String line = String.format(Locale.ROOT, "%-22s ", state);
        if (moving.isEmpty()) {
            return line + TimeSpan.format(elapsed);
        }
        line += bar(moving.get()) + " " + bytes(moving.get());
        return rate > 0 ? line + "  " + ByteSize.format(rate) + "/s" : line;
    }

    /** 0 to 100, also when the total is not known yet or was an underestimate. */
    static int percent(Progress progress) {
        if (progress.bytesTotal() == 0) {
            return 0;
        }
        return (int) Math.min(100, (long) (100.0 * progress.bytesRead() / progress.bytesTotal()));
    }

    /** What is read, of how much, and what is stored. */
    static String bytes(Progress progress) {
        return ByteSize.format(progress.bytesRead()) + " of " + ByteSize.format(progress.bytesTotal()) + ", stored "
                + ByteSize.format(progress.bytesStored());
    }

    private static String bar(Progress progress) {
        int percent = percent(progress);
        int full = BAR * percent / 100;
        return String.format(Locale.ROOT, "[%s%s] %3d%%", "#".repeat(full), "-".repeat(BAR - full), percent);
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
