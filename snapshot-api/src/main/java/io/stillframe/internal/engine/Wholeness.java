package io.stillframe.internal.engine;

import io.stillframe.model.ScrubReport.Item;
import io.stillframe.model.ScrubReport.Outcome;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;

/** Reads every byte of a snapshot's copy in a region and tells whether it is what was stored. Changes nothing. */
final class Wholeness {
    private final Retries retries;
    private final Cancellation cancellation;

    Wholeness(Retries retries, Cancellation cancellation) {
        this.retries = retries;
        this.cancellation = cancellation;
    }

    /** WHOLE, DAMAGED, or UNREACHED if it cannot be told now. */
    Item look(Snapshot snapshot, Region region) {
        ObjectStore store = region.store();
        try {
            retries.run("reading the manifest", cancellation, () -> requireManifest(snapshot.id(), store));
            StoredObject.all(snapshot).forEach(object -> requireWhole(object, region));
            return new Item(region.name(), Outcome.WHOLE, "every byte was read");
        } catch (SnapshotException e) {
            cancellation.check();
            boolean damaged = e.kind() == Kind.CORRUPT || e.kind() == Kind.NOT_FOUND;
            return new Item(
                    region.name(), damaged ? Outcome.DAMAGED : Outcome.UNREACHED, String.valueOf(e.getMessage()));
        }
    }

    private static void requireManifest(SnapshotId id, ObjectStore store) {
        ObjectStat stat = store.stat(StoredLayout.manifest(id))
                .orElseThrow(() -> SnapshotException.notFound("its manifest is missing"));
        Manifest manifest = Manifest.parse(
                StoredBytes.read(store, stat, Manifest.LARGEST), stat.key().value());
        if (!manifest.snapshot().id().equals(id)) {
            throw SnapshotException.corrupt(
                    stat.key() + " is the manifest of " + manifest.snapshot().id());
        }
    }

    private void requireWhole(StoredObject object, Region region) {
        ObjectReading reading = new ObjectReading(retries, cancellation, object);
        try (ByteSource bytes = reading.open(region)) {
            reading.read(bytes, region, block -> {});
        }
    }
}
