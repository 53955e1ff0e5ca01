package io.stillframe.model;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot as it is at one moment. Three axes are kept apart: the public status, the obligations still owed to the instance,
 * and the state of each region's replica, so that a failed upload never touches the instance.
 *
 * @param id its identity
 * @param name the name that its owner gave it
 * @param tenant whom it is taken for
 * @param instance what it was taken of
 * @param status public status
 * @param phase what is being done right now
 * @param progress byte counts of the work on the image
 * @param requestedAt when it was asked for
 * @param completedAt when it became available; the start of its retention
 * @param retention how long it is kept after completion
 * @param capture what happened at the capture; empty until the point in time is held
 * @param disks its disks; empty until the point in time is held
 * @param replicas its copies, home region first
 * @param obligations what is still owed to the instance
 * @param failure why it failed; present exactly when the status is FAILED
 * @param waitsFor what the next work on it waits for, for a person; present only while it waits for its turn
 * @param placement where it was asked to be kept, and from when on it is available
 * @param volumes its copy on the volumes of its instance's disks; empty if it is kept in stores alone
 */
public record Snapshot(
        SnapshotId id,
        String name,
        Tenant tenant,
        InstanceSummary instance,
        SnapshotStatus status,
        Phase phase,
        Progress progress,
        Instant requestedAt,
        Optional<Instant> completedAt,
        Retention retention,
        Optional<CaptureReport> capture,
        List<DiskSnapshot> disks,
        List<Replica> replicas,
        Set<Obligation> obligations,
        Optional<Failure> failure,
        Optional<String> waitsFor,
        Placement placement,
        Optional<VolumeCopy> volumes) {
    public Snapshot {
        if (failure.isPresent() && !status.mayHaveFailed()) {
            throw SnapshotException.invalid("snapshot " + id + " is " + status + " and cannot carry a failure");
        }
        disks = List.copyOf(disks);
        replicas = List.copyOf(replicas);
        obligations = Set.copyOf(obligations);
    }

    /** When it expires: completion + N x 86,400 s; empty if never or not yet known. */
    public Optional<Instant> expiresAt() {
        return completedAt.flatMap(retention::expiry);
    }

    /** The smallest disk, in bytes, that its root disk can be launched on; 0 until the disks are known. */
    public long smallestRootDisk() {
        return disks.stream()
                .filter(disk -> disk.role() == DiskRole.ROOT)
                .mapToLong(DiskSnapshot::virtualSize)
                .max()
                .orElse(0);
    }

    /** Its copy in a region, if it has or is to have one there. */
    public Optional<Replica> replica(String region) {
        return replicas.stream().filter(copy -> copy.region().equals(region)).findFirst();
    }

    /** Whether it can be read from the volumes of its instance's disks. */
    public boolean isKeptOnVolumes() {
        return volumes.filter(VolumeCopy::isKept).isPresent();
    }

    /** Bytes stored over all disks, in each region. */
    public long bytesStored() {
        return disks.stream().mapToLong(DiskSnapshot::bytesStored).sum();
    }

    /** Newest first, then by identity. */
    public static Comparator<Snapshot> newestFirst() {
        return Comparator.comparing(Snapshot::requestedAt).reversed().thenComparing(Snapshot::id);
    }

    /** A builder with this snapshot's values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Changes some values of a snapshot. Not safe for use by several threads. */
    public static final class Builder {
        private final Snapshot base;
        private InstanceSummary instance;
        private SnapshotStatus status;
        private Phase phase;
        private Progress progress;
        private Optional<Instant> completedAt;
        private Retention retention;
        private Optional<CaptureReport> capture;
        private List<DiskSnapshot> disks;
        private List<Replica> replicas;
        private Set<Obligation> obligations;
        private Optional<Failure> failure;
        private Optional<String> waitsFor;
        private Placement placement;
        private Optional<VolumeCopy> volumes;

        private Builder(Snapshot base) {
            this.base = base;
            this.instance = base.instance;
            this.status = base.status;
            this.phase = base.phase;
            this.progress = base.progress;
            this.completedAt = base.completedAt;
            this.retention = base.retention;
            this.capture = base.capture;
            this.disks = base.disks;
            this.replicas = base.replicas;
            this.obligations = base.obligations;
            this.failure = base.failure;
            this.waitsFor = base.waitsFor;
            this.placement = base.placement;
            this.volumes = base.volumes;
        }

        public Builder instance(InstanceSummary value) {
            instance = value;
            return this;
        }

        public Builder status(SnapshotStatus value) {
            status = value;
            return this;
        }

        public Builder phase(Phase value) {
            phase = value;
            return this;
        }

        public Builder progress(Progress value) {
            progress = value;
            return this;
        }

        public Builder completedAt(Instant value) {
            completedAt = Optional.of(value);
            return this;
        }

        public Builder retention(Retention value) {
            retention = value;
            return this;
        }

        public Builder capture(CaptureReport value) {
            capture = Optional.of(value);
            return this;
        }

        public Builder disks(List<DiskSnapshot> value) {
            disks = List.copyOf(value);
            return this;
        }

        public Builder replicas(List<Replica> value) {
            replicas = List.copyOf(value);
            return this;
        }

        /** With the copy of {@code value}'s region, or one more, as {@code value}. */
        public Builder replica(Replica value) {
            List<Replica> changed = new ArrayList<>();
            replicas.forEach(old -> changed.add(old.region().equals(value.region()) ? value : old));
            if (!changed.contains(value)) {
                changed.add(value);
            }
            return replicas(changed);
        }

        public Builder owes(Obligation value) {
            obligations = changed(obligations, value, null);
            return this;
        }

        public Builder discharged(Obligation value) {
            obligations = changed(obligations, null, value);
            return this;
        }

        /** Sets the status FAILED with its reason. */
        public Builder failed(Failure value) {
            status = SnapshotStatus.FAILED;
            failure = Optional.of(value);
            return this;
        }

        public Builder waitsFor(String value) {
            waitsFor = Optional.of(value);
            return this;
        }

        public Builder placement(Placement value) {
            placement = value;
            return this;
        }

        public Builder volumes(Optional<VolumeCopy> value) {
            volumes = value;
            return this;
        }

        public Snapshot build() {
            return new Snapshot(
                    base.id,
                    base.name,
                    base.tenant,
                    instance,
                    status,
                    phase,
                    progress,
                    base.requestedAt,
                    completedAt,
                    retention,
                    capture,
                    disks,
                    replicas,
                    obligations,
                    failure,
                    waitsFor,
                    placement,
                    volumes);
        }

        private static Set<Obligation> changed(
                Set<Obligation> from, @Nullable Obligation added, @Nullable Obligation removed) {
            EnumSet<Obligation> result = EnumSet.noneOf(Obligation.class);
            result.addAll(from);
            if (added != null) {
                result.add(added);
            }
            if (removed != null) {
                result.remove(removed);
            }
            return result;
        }
    }
}
