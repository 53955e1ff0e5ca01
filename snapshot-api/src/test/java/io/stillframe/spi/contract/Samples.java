package io.stillframe.spi.contract;

import io.stillframe.model.CaptureMode;
import io.stillframe.model.CaptureReport;
import io.stillframe.model.Consistency;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Downtime;
import io.stillframe.model.Failure;
import io.stillframe.model.InstanceId;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Keep;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.Placement;
import io.stillframe.model.Progress;
import io.stillframe.model.Replica;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import io.stillframe.model.VolumeCopy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Snapshots for tests. */
public final class Samples {
    private Samples() {}

    /** A snapshot that was just asked for: everything that may be absent is. */
    public static Snapshot requested(Instant at) {
        return new Snapshot(
                SnapshotId.create(at),
                "nightly",
                Tenant.ofDefault(),
                new InstanceSummary(new InstanceId("9f4c2f3e-77a5-4c52-8d2b-6a0e6f0b8c11"), "web-1", "test:///"),
                SnapshotStatus.CAPTURING,
                Phase.REQUESTED,
                Progress.none(),
                at,
                Optional.empty(),
                Retention.forEver(),
                Optional.empty(),
                List.of(),
                List.of(),
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                Placement.home(),
                Optional.empty());
    }

    /** The same for another tenant. */
    public static Snapshot of(Tenant tenant, Snapshot base) {
        return named(tenant, base.instance(), base.name(), base);
    }

    /** The same of another instance and with another name. */
    public static Snapshot of(InstanceSummary instance, String name, Snapshot base) {
        return named(base.tenant(), instance, name, base);
    }

    /** With what a builder does not change, since it stays the same for a snapshot's whole life. */
    private static Snapshot named(Tenant tenant, InstanceSummary instance, String name, Snapshot base) {
        return new Snapshot(
                base.id(),
                name,
                tenant,
                instance,
                base.status(),
                base.phase(),
                base.progress(),
                base.requestedAt(),
                base.completedAt(),
                base.retention(),
                base.capture(),
                base.disks(),
                base.replicas(),
                base.obligations(),
                base.failure(),
                base.waitsFor(),
                base.placement(),
                base.volumes());
    }

    /** A snapshot with a value in every field, also in those that seldom come together. */
    public static Snapshot full(Instant at) {
        Instant done = at.plusNanos(61_000_000_001L);
        return new Snapshot(
                SnapshotId.create(at),
                "Übernacht \"1\" \uD83D\uDCBE \u2028",
                new Tenant("Dept:7@x"),
                new InstanceSummary(new InstanceId("9f4c2f3e-77a5-4c52-8d2b-6a0e6f0b8c11"), "web-1", "qemu:///system"),
                SnapshotStatus.DELETING,
                Phase.DONE,
                new Progress(
                        Long.MAX_VALUE, 1L << 40, 3, OptionalLong.of(1L << 33), Optional.of(Duration.ofSeconds(9))),
                at,
                Optional.of(done),
                Retention.ofDays(Retention.LONGEST_DAYS),
                Optional.of(new CaptureReport(
                        CaptureMode.SHUTDOWN,
                        Consistency.FORCED,
                        at.plusNanos(999_999_999),
                        new Downtime(Duration.ofNanos(60_000_000_001L), Duration.ofMillis(140), Duration.ZERO),
                        12,
                        1,
                        List.of("the guest rebooted itself", "stopped hard"))),
                List.of(
                        new DiskSnapshot(
                                "vda",
                                DiskRole.ROOT,
                                "qcow2",
                                20L << 30,
                                "zstd",
                                Optional.of("snapshots/x/vda.raw.zst"),
                                7,
                                5,
                                Optional.of(new Digest(Digest.CONTENT, "00ff")),
                                Optional.of(new Digest(Digest.STORED, "c0ffee00")),
                                Optional.of("rbd:pool/web@kept"),
                                List.of()),
                        new DiskSnapshot(
                                "vdb",
                                DiskRole.DATA,
                                "raw",
                                0,
                                "raw",
                                Optional.empty(),
                                0,
                                0,
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                List.of())),
                List.of(
                        new Replica(
                                "home", "file:///store", Replica.State.COMPLETE, Optional.of(done), Optional.empty()),
                        new Replica(
                                "far", "s3://b/p", Replica.State.FAILED, Optional.empty(), Optional.of("no route"))),
                Set.of(Obligation.values()),
                Optional.of(new Failure(SnapshotException.Kind.PERMANENT, "disk full: 0 of 10 bytes free")),
                Optional.of("its turn"),
                Placement.in("home", "far").withKeep(Keep.BOTH),
                Optional.of(new VolumeCopy(
                        "rbd", VolumeCopy.State.DELETING, Optional.empty(), Optional.of("rbd:pool/copy needs it"))));
    }
}
