package io.stillframe.internal.events;

import io.stillframe.model.Snapshot;
import java.util.Optional;

/**
 * Begins the events of the engine's phases. Where the runtime has no flight recorder (the module {@code jdk.jfr}) they cost and record
 * nothing. Stateless.
 */
public final class PhaseEvents {
    private static final boolean PRESENT = isPresent();

    private PhaseEvents() {}

    /** What is recorded, each as an event type {@code io.stillframe.…}. */
    public enum Kind {
        /** {@code Shutdown}: a guest is stopped. */
        SHUTDOWN,
        /** {@code Hold}: a point in time is taken hold of. */
        HOLD,
        /** {@code Keep}: a point in time becomes a snapshot of its volumes. */
        KEEP,
        /** {@code PowerOn}: an instance is powered on again. */
        POWER_ON,
        /** {@code Transfer}: a point in time is read, converted, compressed and stored. */
        TRANSFER,
        /** {@code PartUpload}: one part is sent to one store. */
        PART_UPLOAD,
        /** {@code RegionCopy}: a copy is made from another region's. */
        REGION_COPY,
        /** {@code Publish}: a manifest is published. */
        PUBLISH,
        /** {@code Release}: a point in time is merged back. */
        RELEASE,
        /** {@code RetentionDeletion}: an expired snapshot is removed. */
        RETENTION_DELETION,
        /** {@code Sweep}: store and hosts are searched for what nothing needs. */
        SWEEP,
        /** {@code Recovery}: what dead processes left is looked after. */
        RECOVERY
    }

    /** Begins an event about a snapshot, in its home region. */
    public static PhaseSpan begin(Kind kind, Snapshot snapshot) {
        return isRecording() ? RecordedSpan.begin(kind, Optional.of(snapshot), Optional.empty()) : PhaseSpan.none();
    }

    /** Begins an event about a snapshot in a region. */
    public static PhaseSpan begin(Kind kind, Snapshot snapshot, String region) {
        return isRecording() ? RecordedSpan.begin(kind, Optional.of(snapshot), Optional.of(region)) : PhaseSpan.none();
    }

    /** Begins an event about no single snapshot. */
    public static PhaseSpan begin(Kind kind) {
        return isRecording() ? RecordedSpan.begin(kind, Optional.empty(), Optional.empty()) : PhaseSpan.none();
    }

    private static boolean isRecording() {
        return PRESENT && Recorder.hasBegun();
    }

    /** By a class of its, since on the class path there are no modules to ask for. */
    private static boolean isPresent() {
        try {
            Class.forName("jdk.jfr.Event", false, PhaseEvents.class.getClassLoader());
            return !PhaseEvents.class.getModule().isNamed()
                    || ModuleLayer.boot().findModule("jdk.jfr").isPresent();
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }
}
