package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.Page;
import io.stillframe.spi.Plugins;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Finds snapshots and reads their stored disks. Launches, which are records too, are not shown. */
final class SnapshotReads {
    private final Installation installation;
    private final Jobs jobs;
    private final Waiting waiting;
    private final TrustedTime time;

    SnapshotReads(Installation installation, Jobs jobs, TrustedTime time) {
        this.time = time;
        this.installation = installation;
        this.jobs = jobs;
        this.waiting = new Waiting(installation);
    }

    Snapshot get(SnapshotId id) {
        return find(id).orElseThrow(() -> unknown(id));
    }

    Optional<Snapshot> find(SnapshotId id) {
        return findRecord(id).map(this::shown);
    }

    /** The snapshot's record as the catalog has it. */
    CatalogRecord record(SnapshotId id) {
        return findRecord(id).orElseThrow(() -> unknown(id));
    }

    Page<Snapshot> list(SnapshotQuery query, Optional<String> after, int limit) {
        Page<CatalogRecord> page = installation.catalog().list(query, after, limit);
        List<Snapshot> items = page.items().stream()
                .filter(record -> Attributes.launchOf(record).isEmpty())
                .map(this::shown)
                .filter(snapshot ->
                        query.statuses().isEmpty() || query.statuses().contains(snapshot.status()))
                .toList();
        return new Page<>(items, page.next());
    }

    /**
     * A snapshot that can be read and launched from now.
     *
     * @throws SnapshotException NOT_FOUND if it does not exist or has expired; CONFLICT if it is not available
     */
    CatalogRecord available(SnapshotId id) {
        CatalogRecord record = record(id);
        Snapshot snapshot = record.snapshot();
        if (isExpired(snapshot)) {
            throw SnapshotException.notFound("snapshot " + id + " expired at "
                    + snapshot.expiresAt().map(Instant::toString).orElse("an unknown time") + " and is being removed");
        }
        if (snapshot.status() != SnapshotStatus.AVAILABLE) {
            throw SnapshotException.conflict("snapshot " + id + " is " + snapshot.status() + " (" + snapshot.phase()
                    + "); only an AVAILABLE one can be read or launched from");
        }
        return record;
    }

    /** By this machine's clock, if no other one speaks against it. */
    boolean isExpired(Snapshot snapshot) {
        return snapshot.status() == SnapshotStatus.AVAILABLE
                && snapshot.expiresAt()
                        .filter(expiry -> !installation.clock().instant().isBefore(expiry))
                        .filter(expiry -> !time.now().isBefore(expiry))
                        .isPresent();
    }

    BlockSource openDisk(SnapshotId id, String device) {
        return openDisk(available(id).snapshot(), device);
    }

    /** Opens a stored disk of an available snapshot; closed by the caller. */
    BlockSource openDisk(Snapshot snapshot, String device) {
        DiskSnapshot disk = snapshot.disks().stream()
                .filter(d -> d.device().equals(device))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("snapshot " + snapshot.id() + " has no disk " + device
                        + ", only "
                        + snapshot.disks().stream().map(DiskSnapshot::device).toList()));
        ObjectKey key = ObjectKey.of(disk.object()
                .orElseThrow(() -> SnapshotException.corrupt("disk " + device + " names no stored object")));
        ImageCodec codec = Plugins.codec(disk.codec());
        BlockSource source = codec.open(
                List.of(new ImageCodec.Layer(installation.storeOf(snapshot).open(key), codec)));
        if (source.size() != disk.virtualSize()) {
            source.close();
            throw SnapshotException.corrupt(
                    "stored disk " + key + " has " + source.size() + " bytes, the snapshot says " + disk.virtualSize());
        }
        return source;
    }

    private Optional<CatalogRecord> findRecord(SnapshotId id) {
        return installation
                .catalog()
                .find(id)
                .filter(record -> Attributes.launchOf(record).isEmpty());
    }

    /** With the latest progress; an expired one as what it is. */
    private Snapshot shown(CatalogRecord record) {
        Optional<Job> job = jobs.find(record.snapshot().id());
        Snapshot snapshot = job.map(Job::snapshot).orElse(record.snapshot());
        return isExpired(snapshot)
                ? snapshot.toBuilder().status(SnapshotStatus.DELETING).build()
                : waiting.explained(job.map(j -> j.record().record()).orElse(record), snapshot);
    }

    private static SnapshotException unknown(SnapshotId id) {
        return SnapshotException.notFound("there is no snapshot " + id + " in this catalog");
    }
}
