package io.stillframe.examples.cli;

import io.stillframe.model.CaptureReport;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Downtime;
import io.stillframe.model.Progress;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.VolumeCopy;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A snapshot as text for people. */
final class SnapshotText {
    private SnapshotText() {}

    static String heading() {
        return row("ID", "STATUS", "INSTANCE", "NAME", "SIZE", "STORED", "REQUESTED", "EXPIRES", "REGIONS");
    }

    /** One snapshot on one line under {@link #heading()}. */
    static String row(Snapshot snapshot) {
        long size =
                snapshot.disks().stream().mapToLong(DiskSnapshot::virtualSize).sum();
        return row(
                snapshot.id().value(),
                ProgressLine.moving(snapshot)
                        .map(progress -> lower(snapshot.status()) + " " + ProgressLine.percent(progress) + "%")
                        .orElse(lower(snapshot.status())),
                snapshot.instance().name(),
                snapshot.name(),
                snapshot.disks().isEmpty() ? "-" : ByteSize.format(size),
                snapshot.bytesStored() == 0 ? "-" : ByteSize.format(snapshot.bytesStored()),
                time(snapshot.requestedAt()),
                expiry(snapshot),
                regions(snapshot));
    }

    /** {@code home,us:behind}: those where it is complete by their names alone. */
    private static String regions(Snapshot snapshot) {
        return snapshot.replicas().isEmpty()
                ? "-"
                : snapshot.replicas().stream()
                        .map(copy -> copy.isComplete() ? copy.region() : copy.region() + ":" + lower(copy.state()))
                        .collect(Collectors.joining(","));
    }

    /** All that is known of one snapshot, {@code key value} a line. */
    static List<String> details(Snapshot snapshot) {
        List<String> lines = new ArrayList<>();
        lines.add(detail("id", snapshot.id().value()));
        lines.add(detail("name", snapshot.name()));
        lines.add(detail(
                "instance",
                snapshot.instance().name() + " (" + snapshot.instance().id() + ") on "
                        + snapshot.instance().hypervisor()));
        lines.add(detail("tenant", snapshot.tenant().name()));
        lines.add(detail("status", ProgressLine.state(snapshot)));
        if (snapshot.replicas().size() > 1) {
            lines.add(detail("available with", lower(snapshot.placement().availability())));
        }
        snapshot.waitsFor().ifPresent(what -> lines.add(detail("waits for", what)));
        snapshot.failure().ifPresent(failure -> lines.add(detail("failure", failure.reason())));
        lines.add(detail("requested", time(snapshot.requestedAt())));
        snapshot.completedAt().ifPresent(when -> lines.add(detail("completed", time(when))));
        lines.add(detail("kept", kept(snapshot)));
        snapshot.capture().ifPresent(capture -> lines.addAll(capture(capture)));
        if (!snapshot.status().settled()) {
            lines.add(detail("progress", progress(snapshot.progress())));
        }
        snapshot.disks().forEach(disk -> lines.addAll(disk(disk)));
        if (snapshot.smallestRootDisk() > 0) {
            lines.add(detail("launches on", "disks of " + size(snapshot.smallestRootDisk()) + " or more"));
        }
        snapshot.volumes().ifPresent(copy -> lines.add(volumes(copy)));
        lines.addAll(copies(snapshot));
        if (!snapshot.obligations().isEmpty()) {
            lines.add(detail(
                    "still owed",
                    snapshot.obligations().stream()
                            .sorted()
                            .map(SnapshotText::lower)
                            .toList()
                            .toString()));
        }
        return lines;
    }

    private static String volumes(VolumeCopy copy) {
        return detail(
                "on " + copy.storage() + " volumes",
                lower(copy.state())
                        + copy.completedAt().map(when -> " since " + time(when)).orElse("")
                        + copy.failure().map(why -> ": " + why).orElse(""));
    }

    /** Its copies, one on a line. */
    static List<String> copies(Snapshot snapshot) {
        return snapshot.replicas().stream()
                .map(replica -> detail("region " + replica.region(), replica(snapshot, replica)))
                .toList();
    }

    /** What became of a snapshot, in one sentence. */
    static String outcome(Snapshot snapshot) {
        String sentence = snapshot.id() + " is " + lower(snapshot.status());
        if (snapshot.failure().isPresent()) {
            return sentence + ": " + snapshot.failure().get().reason();
        }
        if (snapshot.status() != SnapshotStatus.AVAILABLE) {
            return sentence;
        }
        String facts = ": " + snapshot.disks().size() + (snapshot.disks().size() == 1 ? " disk, " : " disks, ")
                + (snapshot.isKeptOnVolumes() && snapshot.bytesStored() == 0
                        ? "kept on their volumes"
                        : ByteSize.format(snapshot.bytesStored()) + " stored");
        return sentence
                + facts
                + snapshot.capture()
                        .map(capture ->
                                ", " + lower(capture.consistency()) + ", down for " + downtime(capture.downtime()))
                        .orElse("");
    }

    /** {@code 1.5 GiB (1610612736 bytes)}. */
    static String size(long bytes) {
        return bytes < 1024 ? ByteSize.format(bytes) : ByteSize.format(bytes) + " (" + bytes + " bytes)";
    }

    private static List<String> capture(CaptureReport capture) {
        List<String> lines = new ArrayList<>();
        lines.add(detail("consistency", lower(capture.consistency())));
        lines.add(detail("point in time", time(capture.pointInTime())));
        lines.add(detail("downtime", downtime(capture.downtime())));
        lines.add(detail("shutdown events", Integer.toString(capture.shutdownEvents())));
        if (capture.guestReboots() > 0) {
            lines.add(detail("guest reboots", Integer.toString(capture.guestReboots())));
        }
        capture.notes().forEach(note -> lines.add(detail("note", note)));
        return lines;
    }

    private static String downtime(Downtime downtime) {
        Duration total = downtime.total();
        return total.isZero()
                ? "0 ms"
                : TimeSpan.format(total) + " (guest's stop "
                        + downtime.guestStop().toMillis() + " ms, hold "
                        + downtime.hold().toMillis() + " ms, start "
                        + downtime.start().toMillis() + " ms)";
    }

    private static List<String> disk(DiskSnapshot disk) {
        List<String> lines = new ArrayList<>();
        lines.add(detail(
                "disk " + disk.device(),
                lower(disk.role()) + ", " + size(disk.virtualSize()) + ", " + disk.sourceFormat()
                        + (disk.volume().isPresent() && disk.object().isEmpty() ? "" : " stored as " + disk.codec())));
        disk.volume().ifPresent(place -> lines.add(detail("  volume", place)));
        disk.object().ifPresent(key -> {
            lines.add(detail(
                    "  object", key + ", " + size(disk.bytesStored()) + " of " + size(disk.bytesRead()) + " read"));
        });
        disk.content().map(Digest::toString).ifPresent(text -> lines.add(detail("  content", text)));
        disk.stored().map(Digest::toString).ifPresent(text -> lines.add(detail("  stored", text)));
        disk.older().forEach(older -> lines.add(detail("  built on", older.object() + ", " + size(older.bytes()))));
        return lines;
    }

    private static String replica(Snapshot snapshot, Replica replica) {
        String arrived = replica.isComplete() || replica.bytesStored() == 0 || snapshot.bytesStored() == 0
                ? ""
                : ", " + ByteSize.format(replica.bytesStored()) + " of " + ByteSize.format(snapshot.bytesStored());
        return lower(replica.state()) + " at " + replica.store() + arrived
                + replica.failure().map(why -> ": " + why).orElse("");
    }

    private static String progress(Progress progress) {
        return progress.bytesTotal() == 0
                ? "-"
                : ProgressLine.percent(progress) + "%, " + ProgressLine.bytes(progress) + speed(progress);
    }

    private static String speed(Progress progress) {
        return progress.bytesPerSecond().isEmpty()
                ? ""
                : ", " + ByteSize.format(progress.bytesPerSecond().getAsLong()) + "/s"
                        + progress.remaining()
                                .map(left -> ", " + TimeSpan.format(left) + " left")
                                .orElse("");
    }

    private static String kept(Snapshot snapshot) {
        if (snapshot.retention().days() == 0) {
            return "for ever";
        }
        String days = snapshot.retention().days() == 1
                ? "1 day"
                : snapshot.retention().days() + " days";
        return days + snapshot.expiresAt().map(when -> ", until " + time(when)).orElse(" after completion");
    }

    private static String expiry(Snapshot snapshot) {
        Optional<String> when = snapshot.expiresAt().map(SnapshotText::time);
        return when.orElse(snapshot.retention().days() == 0 ? "never" : snapshot.retention() + " after completion");
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String detail(String key, String value) {
        return String.format(Locale.ROOT, "%-18s %s", key, value);
    }

    private static String row(Object... columns) {
        return String.format(Locale.ROOT, "%-31s  %-10s  %-20s  %-24s  %10s  %10s  %-20s  %-20s  %s", columns);
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
