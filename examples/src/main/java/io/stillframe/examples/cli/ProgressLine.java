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
    private static final int SHORTEST_BAR = 6;
    private static final int LONGEST_BAR = 24;

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
     * @param columns what the line should fit into; the bar gives way
     */
    static String full(String state, Optional<Progress> moving, Duration elapsed, long rate, int columns) {
        String start = String.format(Locale.ROOT, "%-22s ", state);
        Optional<Progress> known = moving.filter(progress -> progress.bytesTotal() > 0);
        if (known.isEmpty()) {
            return start + TimeSpan.format(elapsed);
        }
        int percent = percent(known.get());
        String end = String.format(Locale.ROOT, " %3d%% %s", percent, bytes(known.get()))
                + (rate > 0 ? "  " + ByteSize.format(rate) + "/s" : "");
        return start + bar(percent, columns - start.length() - end.length() - 2) + end;
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

    private static String bar(int percent, int room) {
        int width = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, room));
        int full = width * percent / 100;
        return "[" + "#".repeat(full) + "-".repeat(width - full) + "]";
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
