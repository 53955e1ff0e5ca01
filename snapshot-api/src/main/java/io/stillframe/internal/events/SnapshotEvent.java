package io.stillframe.internal.events;

import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What all events of the engine have; the fields are the recorder's to read. */
@Category("Stillframe")
@StackTrace(false)
abstract class SnapshotEvent extends Event {
    @Label("Snapshot")
    @Description("Identity; empty if it is about no single one")
    String snapshot = "";

    @Label("Instance")
    String instance = "";

    @Label("Host")
    String host = "";

    @Label("Region")
    String region = "";

    @Label("Bytes")
    @DataAmount
    long bytes;

    @Label("Outcome")
    @Description("failed, or what came of it")
    String outcome = "failed";

    void about(Snapshot subject) {
        snapshot = subject.id().value();
        instance = subject.instance().name();
        host = subject.instance().hypervisor();
        region = subject.replicas().stream().findFirst().map(Replica::region).orElse("");
    }

    @Name("io.stillframe.Shutdown")
    @Label("Guest Shutdown")
    static final class Shutdown extends SnapshotEvent {}

    @Name("io.stillframe.Hold")
    @Label("Point in Time Hold")
    static final class Hold extends SnapshotEvent {}

    @Name("io.stillframe.Keep")
    @Label("Keeping on volumes")
    static final class Keep extends SnapshotEvent {}

    @Name("io.stillframe.PowerOn")
    @Label("Instance Power On")
    static final class PowerOn extends SnapshotEvent {}

    @Name("io.stillframe.Transfer")
    @Label("Image Transfer")
    static final class Transfer extends SnapshotEvent {}

    @Name("io.stillframe.PartUpload")
    @Label("Part Upload")
    static final class PartUpload extends SnapshotEvent {}

    @Name("io.stillframe.RegionCopy")
    @Label("Copy to Region")
    static final class RegionCopy extends SnapshotEvent {}

    @Name("io.stillframe.Publish")
    @Label("Manifest Publication")
    static final class Publish extends SnapshotEvent {}

    @Name("io.stillframe.Release")
    @Label("Point in Time Release")
    static final class Release extends SnapshotEvent {}

    @Name("io.stillframe.RetentionDeletion")
    @Label("Retention Deletion")
    static final class RetentionDeletion extends SnapshotEvent {}

    @Name("io.stillframe.Sweep")
    @Label("Sweep")
    static final class Sweep extends SnapshotEvent {}

    @Name("io.stillframe.Recovery")
    @Label("Recovery")
    static final class Recovery extends SnapshotEvent {}
}
