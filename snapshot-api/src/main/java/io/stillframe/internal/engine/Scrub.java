package io.stillframe.internal.engine;

import io.stillframe.image.Crc32c;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Replica;
import io.stillframe.model.ScrubReport;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads every byte of a snapshot's copies and tells which are what was stored; has damaged ones copied anew if one is whole. */
final class Scrub {
    private static final int BLOCK = 1 << 20;

    private final Installation installation;
    private final Retries retries;
    private final RecordAccess access;
    private final Cancellation cancellation;

    Scrub(Installation installation, Retries retries, RecordAccess access, Cancellation cancellation) {
        this.installation = installation;
        this.retries = retries;
        this.access = access;
        this.cancellation = cancellation;
    }

    ScrubReport look(Snapshot snapshot) {
        Residency residency = Residency.of(installation.settings().residency(), snapshot);
        List<Item> items = installation.replicas(snapshot).stream()
                .map(replica -> look(snapshot, replica, residency))
                .toList();
        return new ScrubReport(snapshot.id(), items);
    }

    /** Changes nothing if no copy is whole: what one has lost another may still have. */
    ScrubReport repair(Snapshot snapshot) {
        ScrubReport found = look(snapshot);
        if (found.count(Outcome.WHOLE) == 0 || found.count(Outcome.DAMAGED) == 0) {
            return found;
        }
        List<Item> items = new ArrayList<>();
        for (Item item : found.items()) {
            if (item.outcome() == Outcome.DAMAGED) {
                discard(snapshot.id(), item);
                items.add(new Item(item.region(), Outcome.REPAIRING, item.detail()));
            } else {
                items.add(item);
            }
        }
        return new ScrubReport(snapshot.id(), items);
    }

    private void discard(SnapshotId id, Item damaged) {
        access.run(
                id,
                "a copy is repaired",
                job -> job.record()
                        .change(record -> {
                            Optional<Region> region = record.snapshot()
                                    .replica(damaged.region())
                                    .filter(Replica::isComplete)
                                    .flatMap(installation::regionOf);
                            if (region.isEmpty()) {
                                return record;
                            }
                            Snapshot behind = Replicas.with(
                                    record.snapshot(),
                                    region.get(),
                                    copy -> copy.behind("damaged: " + damaged.detail()));
                            return Attributes.withDiscarded(record.with(behind), region.get());
                        })
                        .snapshot());
    }

    private Item look(Snapshot snapshot, Replica replica, Residency residency) {
        Optional<Region> region = installation.regionOf(replica);
        if (!replica.isComplete() && !snapshot.replicas().isEmpty()) {
            return new Item(
                    replica.region(), Outcome.INCOMPLETE, replica.failure().orElse(replica.state() + ""));
        }
        if (region.isEmpty()) {
            return new Item(
                    replica.region(), Outcome.UNREACHED, "this service has no region with store " + replica.store());
        }
        Optional<String> refusal = residency.refusal(region.get());
        return refusal.map(why -> new Item(replica.region(), Outcome.UNREACHED, why))
                .orElseGet(() -> look(snapshot, replica.region(), region.get().store()));
    }

    private Item look(Snapshot snapshot, String region, ObjectStore store) {
        try {
            retries.run("reading the manifest", cancellation, () -> requireManifest(snapshot.id(), store));
            for (DiskSnapshot disk : snapshot.disks()) {
                requireWhole(disk, store);
            }
            return new Item(region, Outcome.WHOLE, "every byte was read");
        } catch (SnapshotException e) {
            cancellation.check();
            boolean damaged = e.kind() == Kind.CORRUPT || e.kind() == Kind.NOT_FOUND;
            return new Item(region, damaged ? Outcome.DAMAGED : Outcome.UNREACHED, String.valueOf(e.getMessage()));
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
