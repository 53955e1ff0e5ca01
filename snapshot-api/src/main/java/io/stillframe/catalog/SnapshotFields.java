package io.stillframe.catalog;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.internal.json.PlacementFields;
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
import io.stillframe.model.Obligation;
import io.stillframe.model.OlderObject;
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
import io.stillframe.spi.ObjectKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** A snapshot's fields in JSON; the names are part of the stored format. */
final class SnapshotFields {
    /** The states that copies had when there was one region. */
    private static final Set<Replica.State> FIRST_STATES = Set.of(
            Replica.State.PENDING,
            Replica.State.TRANSFERRING,
            Replica.State.COMPLETE,
            Replica.State.FAILED,
            Replica.State.DELETING);

    private SnapshotFields() {}

    static void write(JsonWriter out, Snapshot snapshot) {
        out.text("id", snapshot.id().value())
                .text("name", snapshot.name())
                .text("tenant", snapshot.tenant().name())
                .object("instance", fields -> writeInstance(fields, snapshot.instance()))
                .constant("status", snapshot.status())
                .constant("phase", snapshot.phase())
                .object("progress", fields -> writeProgress(fields, snapshot.progress()))
                .text("requestedAt", snapshot.requestedAt().toString())
                .text("completedAt", snapshot.completedAt().map(Instant::toString))
                .number("retentionDays", snapshot.retention().days())
                .text("legalHold", snapshot.retention().legalHold())
                .object("capture", snapshot.capture(), SnapshotFields::writeCapture)
                .objects("disks", snapshot.disks(), SnapshotFields::writeDisk)
                .objects("replicas", snapshot.replicas(), SnapshotFields::writeReplica)
                .texts(
                        "obligations",
                        snapshot.obligations().stream().sorted().map(Enum::name).toList())
                .object("failure", snapshot.failure(), SnapshotFields::writeFailure)
                .text("waitsFor", snapshot.waitsFor());
        PlacementFields.write(out, "placement", snapshot.placement());
        out.object("volumes", snapshot.volumes(), SnapshotFields::writeVolumes);
    }

    /** Whether a reader that knows whole disks only understands it: such a one would remove what others are built on. */
    static boolean isWhole(Snapshot snapshot) {
        return snapshot.status() != SnapshotStatus.REMOVED
                && snapshot.disks().stream().allMatch(disk -> disk.older().isEmpty());
    }

    /** Whether a reader that knows stores only understands it: such a one would forget the volumes, also when it deletes. */
    static boolean isOfStores(Snapshot snapshot) {
        return snapshot.volumes().isEmpty() && !snapshot.placement().keep().needsVolumes();
    }

    /** Whether a reader that knows one region only understands it: such a one would forget the others, also when it deletes. */
    static boolean isOfOneRegion(Snapshot snapshot) {
        return snapshot.replicas().size() <= 1
                && snapshot.phase() != Phase.REPLICATING
                && snapshot.placement().equals(Placement.home())
                && snapshot.replicas().stream().allMatch(replica -> FIRST_STATES.contains(replica.state()));
    }

    static Snapshot read(JsonObject in) {
        return new Snapshot(
                new SnapshotId(in.text("id")),
                in.text("name"),
                in.textIfPresent("tenant").map(Tenant::new).orElseGet(Tenant::ofDefault),
                readInstance(in.object("instance")),
                in.constant("status", SnapshotStatus.class),
                in.constant("phase", Phase.class),
                readProgress(in.object("progress")),
                in.instant("requestedAt"),
                in.instantIfPresent("completedAt"),
                new Retention(in.intNumber("retentionDays"), in.textIfPresent("legalHold")),
                in.objectIfPresent("capture").map(SnapshotFields::readCapture),
                in.objects("disks").stream().map(SnapshotFields::readDisk).toList(),
                in.objects("replicas").stream().map(SnapshotFields::readReplica).toList(),
                in.constants("obligations", Obligation.class),
                in.objectIfPresent("failure").map(SnapshotFields::readFailure),
                in.textIfPresent("waitsFor"),
                PlacementFields.read(in, "placement"),
                in.objectIfPresent("volumes").map(SnapshotFields::readVolumes));
    }

    private static void writeInstance(JsonWriter out, InstanceSummary instance) {
        out.text("id", instance.id().value()).text("name", instance.name()).text("hypervisor", instance.hypervisor());
    }

    private static InstanceSummary readInstance(JsonObject in) {
        return new InstanceSummary(new InstanceId(in.text("id")), in.text("name"), in.text("hypervisor"));
    }

    private static void writeProgress(JsonWriter out, Progress progress) {
        out.number("bytesTotal", progress.bytesTotal())
                .number("bytesRead", progress.bytesRead())
                .number("bytesStored", progress.bytesStored());
        progress.bytesPerSecond().ifPresent(rate -> out.number("bytesPerSecond", rate));
        out.text("remaining", progress.remaining().map(Duration::toString));
    }

    private static Progress readProgress(JsonObject in) {
        return new Progress(
                in.number("bytesTotal"),
                in.number("bytesRead"),
                in.number("bytesStored"),
                in.numberIfPresent("bytesPerSecond"),
                in.durationIfPresent("remaining"));
    }

    private static void writeCapture(JsonWriter out, CaptureReport capture) {
        out.constant("mode", capture.mode())
                .constant("consistency", capture.consistency())
                .text("pointInTime", capture.pointInTime().toString())
                .object("downtime", fields -> writeDowntime(fields, capture.downtime()))
                .number("shutdownEvents", capture.shutdownEvents())
                .number("guestReboots", capture.guestReboots())
                .texts("notes", capture.notes());
    }

    private static CaptureReport readCapture(JsonObject in) {
        return new CaptureReport(
                in.constant("mode", CaptureMode.class),
                in.constant("consistency", Consistency.class),
                in.instant("pointInTime"),
                readDowntime(in.object("downtime")),
                in.intNumber("shutdownEvents"),
                in.intNumber("guestReboots"),
                in.texts("notes"));
    }

    private static void writeDowntime(JsonWriter out, Downtime downtime) {
        out.text("guestStop", downtime.guestStop().toString())
                .text("hold", downtime.hold().toString())
                .text("start", downtime.start().toString());
    }

    private static Downtime readDowntime(JsonObject in) {
        return new Downtime(in.duration("guestStop"), in.duration("hold"), in.duration("start"));
    }

    private static void writeDisk(JsonWriter out, DiskSnapshot disk) {
        out.text("device", disk.device())
                .constant("role", disk.role())
                .text("sourceFormat", disk.sourceFormat())
                .number("virtualSize", disk.virtualSize())
                .text("codec", disk.codec())
                .text("object", disk.object())
                .number("bytesRead", disk.bytesRead())
                .number("bytesStored", disk.bytesStored())
                .text("content", disk.content().map(Digest::toString))
                .text("stored", disk.stored().map(Digest::toString))
                .text("volume", disk.volume());
        if (!disk.older().isEmpty()) {
            out.objects("older", disk.older(), SnapshotFields::writeOlder);
        }
    }

    private static DiskSnapshot readDisk(JsonObject in) {
        return new DiskSnapshot(
                in.text("device"),
                in.constant("role", DiskRole.class),
                in.text("sourceFormat"),
                in.number("virtualSize"),
                in.text("codec"),
                in.textIfPresent("object").map(SnapshotFields::key),
                in.number("bytesRead"),
                in.number("bytesStored"),
                in.textIfPresent("content").map(Digest::parse),
                in.textIfPresent("stored").map(Digest::parse),
                in.textIfPresent("volume"),
                in.has("older")
                        ? in.objects("older").stream()
                                .map(SnapshotFields::readOlder)
                                .toList()
                        : List.of());
    }

    private static void writeOlder(JsonWriter out, OlderObject older) {
        out.text("object", older.object())
                .number("bytes", older.bytes())
                .text("stored", older.stored().map(Digest::toString));
    }

    private static OlderObject readOlder(JsonObject in) {
        return new OlderObject(
                key(in.text("object")),
                in.number("bytes"),
                in.textIfPresent("stored").map(Digest::parse));
    }

    private static String key(String text) {
        return ObjectKey.of(text).value();
    }

    private static void writeReplica(JsonWriter out, Replica replica) {
        out.text("region", replica.region())
                .text("store", replica.store())
                .constant("state", replica.state())
                .text("completedAt", replica.completedAt().map(Instant::toString))
                .text("failure", replica.failure());
        if (replica.bytesStored() > 0) {
            out.number("bytesStored", replica.bytesStored());
        }
    }

    private static Replica readReplica(JsonObject in) {
        return new Replica(
                in.text("region"),
                in.text("store"),
                in.constant("state", Replica.State.class),
                in.instantIfPresent("completedAt"),
                in.numberIfPresent("bytesStored").orElse(0),
                in.textIfPresent("failure"));
    }

    private static void writeVolumes(JsonWriter out, VolumeCopy copy) {
        out.text("storage", copy.storage())
                .constant("state", copy.state())
                .text("completedAt", copy.completedAt().map(Instant::toString))
                .text("failure", copy.failure());
    }

    private static VolumeCopy readVolumes(JsonObject in) {
        return new VolumeCopy(
                in.text("storage"),
                in.constant("state", VolumeCopy.State.class),
                in.instantIfPresent("completedAt"),
                in.textIfPresent("failure"));
    }

    private static void writeFailure(JsonWriter out, Failure failure) {
        out.constant("kind", failure.kind()).text("reason", failure.reason());
    }

    private static Failure readFailure(JsonObject in) {
        return new Failure(in.constant("kind", SnapshotException.Kind.class), in.text("reason"));
    }
}
