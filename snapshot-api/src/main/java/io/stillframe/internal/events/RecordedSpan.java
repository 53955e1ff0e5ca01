package io.stillframe.internal.events;

import io.stillframe.internal.events.PhaseEvents.Kind;
import io.stillframe.model.Snapshot;
import java.util.Optional;

/** An event of the flight recorder's; used only where {@link Recorder} has been started. */
final class RecordedSpan implements PhaseSpan {
    private final SnapshotEvent event;

    private RecordedSpan(SnapshotEvent event) {
        this.event = event;
    }

    static PhaseSpan begin(Kind kind, Optional<Snapshot> subject, Optional<String> region) {
        SnapshotEvent event = event(kind);
        if (!event.isEnabled()) {
            return PhaseSpan.none();
        }
        subject.ifPresent(event::about);
        region.ifPresent(name -> event.region = name);
        event.begin();
        return new RecordedSpan(event);
    }

    @Override
    public void bytes(long value) {
        event.bytes = value;
    }

    @Override
    public void done(String outcome) {
        event.outcome = outcome;
    }

    @Override
    public void close() {
        event.commit();
    }

    private static SnapshotEvent event(Kind kind) {
        return switch (kind) {
            case SHUTDOWN -> new SnapshotEvent.Shutdown();
            case HOLD -> new SnapshotEvent.Hold();
            case KEEP -> new SnapshotEvent.Keep();
            case POWER_ON -> new SnapshotEvent.PowerOn();
            case TRANSFER -> new SnapshotEvent.Transfer();
            case PART_UPLOAD -> new SnapshotEvent.PartUpload();
            case REGION_COPY -> new SnapshotEvent.RegionCopy();
            case PUBLISH -> new SnapshotEvent.Publish();
            case RELEASE -> new SnapshotEvent.Release();
            case RETENTION_DELETION -> new SnapshotEvent.RetentionDeletion();
            case SWEEP -> new SnapshotEvent.Sweep();
            case RECOVERY -> new SnapshotEvent.Recovery();
        };
    }
}
