package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.Plugins;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
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

    /** The same, also of one that was removed and that others are built on. */
    void requireAny(SnapshotId id) {
        if (findAny(id).isEmpty()) {
            throw unknown(id);
        }
    }

    /** Whether there may be snapshots of the same instance of which nobody knows what they need. */
    boolean besidesUnreadable(Snapshot snapshot) {
        return !installation.catalog().unreadable(snapshot.instance().id()).isEmpty();
    }

    Page<Snapshot> list(SnapshotQuery query, Optional<String> after, int limit) {
        Page<CatalogRecord> page = installation.catalog().list(query, after, limit);
        List<Snapshot> items = page.items().stream()
                .filter(record -> Attributes.launchOf(record).isEmpty())
                .map(this::shown)
                .filter(snapshot -> query.statuses().isEmpty()
                        ? snapshot.status() != SnapshotStatus.REMOVED
                        : query.statuses().contains(snapshot.status()))
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

    BlockSource openDisk(SnapshotId id, String device, ReadFrom from) {
        return openDisk(available(id), device, from);
    }

    /** Opens a disk of an available snapshot where it is stored, or on its volumes if it is not; closed by the caller. */
    BlockSource openDisk(CatalogRecord record, String device, ReadFrom from) {
        Snapshot snapshot = record.snapshot();
        DiskSnapshot disk = snapshot.disks().stream()
                .filter(d -> d.device().equals(device))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("snapshot " + snapshot.id() + " has no disk " + device
                        + ", only "
                        + snapshot.disks().stream().map(DiskSnapshot::device).toList()));
        List<FallbackSource.Copy> copies = new ArrayList<>();
        copies(snapshot, from)
                .forEach(region ->
                        copies.add(new FallbackSource.Copy(region.name(), () -> open(snapshot.id(), disk, region))));
        if (copies.isEmpty()) {
            copies.add(new FallbackSource.Copy("the volumes", () -> {
                VolumeAccess access = VolumeAccess.of(installation, record).orElseThrow(() -> unknown(snapshot.id()));
                return access.volumes().open(access.kept(), device);
            }));
        }
        return FallbackSource.open(copies);
    }

    /** Whether its volumes may stand in for copies in regions. */
    private static boolean isReadOnVolumes(Snapshot snapshot, ReadFrom from) {
        return snapshot.isKeptOnVolumes() && from.fallback() != ReadFrom.Fallback.REFUSED;
    }

    private static BlockSource open(SnapshotId id, DiskSnapshot disk, Region region) {
        ObjectKey key = StoredObject.of(disk).key();
        ImageCodec codec = Plugins.codec(disk.codec());
        BlockSource source = codec.open(layers(id, disk, codec, region.store()));
        if (source.size() != disk.virtualSize()) {
            source.close();
            throw SnapshotException.corrupt(
                    "stored disk " + key + " has " + source.size() + " bytes, the snapshot says " + disk.virtualSize());
        }
        return source;
    }

    /** Its own object, and those that this one points into. */
    private static List<ImageCodec.Layer> layers(
            SnapshotId id, DiskSnapshot disk, ImageCodec codec, ObjectStore store) {
        List<ImageCodec.Layer> layers = new ArrayList<>();
        try {
            layers.add(new ImageCodec.Layer(store.open(StoredObject.of(disk).key()), codec));
            for (StoredObject older : StoredObject.older(id, disk)) {
                layers.add(new ImageCodec.Layer(store.open(older.require(store)), codec));
            }
            return layers;
        } catch (RuntimeException | Error e) {
            layers.forEach(layer -> layer.bytes().close());
            throw e;
        }
    }

    /**
     * The regions that a snapshot is read in, in that order: none that is not allowed, and none that is not wanted; empty if only its
     * volumes have it.
     *
     * @throws SnapshotException INVALID if the wanted one is not allowed; NOT_FOUND if there is no such region; CONFLICT if neither a region has
     *     it whole nor its volumes may stand in; UNSUPPORTED if none of those is reached
     */
    List<Region> copies(Snapshot snapshot, ReadFrom from) {
        Optional<Region> wanted = from.region().map(installation::region);
        Residency residency = Residency.of(installation.settings().residency(), snapshot);
        wanted.ifPresent(residency::require);
        boolean onVolumes = isReadOnVolumes(snapshot, from);
        List<Region> reached = onVolumes ? installation.reached(snapshot) : installation.requireReached(snapshot);
        List<Region> readable = reached.stream()
                .filter(region -> isComplete(snapshot, region) && residency.allows(region))
                .sorted(Comparator.comparing(
                        region -> wanted.filter(region::equals).isEmpty()))
                .toList();
        if (from.fallback() == ReadFrom.Fallback.REFUSED) {
            Optional<Region> only = wanted.or(() -> reached.stream().findFirst());
            readable = readable.stream()
                    .filter(region -> only.equals(Optional.of(region)))
                    .toList();
        }
        if (readable.isEmpty() && !onVolumes) {
            reached.forEach(residency::require);
            throw SnapshotException.conflict("snapshot " + snapshot.id() + " has no complete copy "
                    + from.region().map(region -> "in region " + region).orElse("in a region that this service reaches")
                    + "; its copies: "
                    + snapshot.replicas().stream()
                            .map(copy -> copy.region() + " " + copy.state())
                            .toList());
        }
        return readable;
    }

    private static boolean isComplete(Snapshot snapshot, Region region) {
        return (snapshot.replicas().isEmpty() && snapshot.volumes().isEmpty())
                || Replicas.in(region, snapshot).filter(Replica::isComplete).isPresent();
    }

    private Optional<CatalogRecord> findRecord(SnapshotId id) {
        return findAny(id).filter(record -> record.snapshot().status() != SnapshotStatus.REMOVED);
    }

    private Optional<CatalogRecord> findAny(SnapshotId id) {
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
