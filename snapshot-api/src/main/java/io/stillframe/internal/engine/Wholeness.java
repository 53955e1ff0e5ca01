package io.stillframe.internal.engine;

import io.stillframe.image.Crc32c;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.ScrubReport.Item;
import io.stillframe.model.ScrubReport.Outcome;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import java.nio.ByteBuffer;

/** Reads every byte of a snapshot's copy in a region and tells whether it is what was stored. Changes nothing. */
final class Wholeness {
    private static final int BLOCK = 1 << 20;

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
            for (DiskSnapshot disk : snapshot.disks()) {
                requireWhole(disk, store);
            }
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

    private void requireWhole(DiskSnapshot disk, ObjectStore store) {
        ObjectKey key = ObjectKey.of(disk.object()
                .orElseThrow(() -> SnapshotException.corrupt("disk " + disk.device() + " names no stored object")));
        try (ByteSource bytes = retries.call("opening " + key, cancellation, () -> store.open(key))) {
            if (bytes.size() != disk.bytesStored()) {
                throw SnapshotException.corrupt(
                        "object " + key + " has " + bytes.size() + " bytes instead of " + disk.bytesStored());
            }
            Digest found = checksum(bytes);
            if (disk.stored().filter(digest -> !digest.equals(found)).isPresent()) {
                throw SnapshotException.corrupt("object " + key + " has the checksum " + found + " instead of "
                        + disk.stored().get());
            }
        }
    }

    private Digest checksum(ByteSource bytes) {
        Crc32c checksum = new Crc32c();
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (long at = 0; at < bytes.size(); at += block.limit()) {
            cancellation.check();
            long position = at;
            block.clear().limit((int) Math.min(BLOCK, bytes.size() - at));
            retries.run("reading an object", cancellation, () -> bytes.read(position, block.position(0)));
            checksum.update(block.flip());
        }
        return Crc32c.digest(checksum.value());
    }
}
