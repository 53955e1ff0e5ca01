package io.stillframe.internal.engine;

import io.stillframe.image.pack.IndexedDisk;
import io.stillframe.image.pack.PackManifest;
import io.stillframe.model.ByteRange;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.OlderObject;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Storing;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.CatalogRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a transfer stores the changes since: decided once for a snapshot and noted in its record, with all that its disks will point into,
 * so that it stays as long as the record says so, see {@link Loans}. For one thread.
 */
final class ChangeBase {
    private static final Logger LOG = LoggerFactory.getLogger(ChangeBase.class);

    /** So many of the latest snapshots are looked at. */
    private static final int CANDIDATES = 50;

    private final Installation installation;
    private final Retries retries;
    private final Job job;
    private final OwnedRecord record;
    private final Destinations destinations;
    private final Loans loans;

    ChangeBase(Installation installation, Retries retries, Job job, Destinations destinations) {
        this.installation = installation;
        this.retries = retries;
        this.job = job;
        this.record = job.record();
        this.destinations = destinations;
        this.loans = new Loans(installation);
    }

    /** Decides, unless that is done. */
    void decide() {
        if (Attributes.isBaseDecided(record.record())) {
            decideAgainUnlessThere();
            return;
        }
        if (Attributes.storing(record.record()) == Storing.WHOLE
                || !Attributes.codec(record.record()).equals(SnapshotRequest.DEFAULT_CODEC)) {
            return;
        }
        Optional<Snapshot> base = retries.call("looking for what to build on", job.cancellation(), this::latest);
        boolean stays = base.isPresent() && isAnnounced(base.get());
        if (stays) {
            note(base.get());
            stays = stays(base.get());
        }
        // Decided from now on: whoever goes on after a crash before this looks again.
        if (stays) {
            record.change(r -> Attributes.withBase(r, base.map(Snapshot::id)));
        } else {
            decideWhole();
        }
        LOG.info("stored {}", stays ? "as what changed since " + base.get().id() : "whole");
    }

    /** An earlier transfer may have gone to another region. */
    private void decideAgainUnlessThere() {
        boolean built = record.snapshot().disks().stream()
                .anyMatch(disk -> disk.object().isEmpty() && !disk.older().isEmpty());
        if (built && !isEverywhere()) {
            decideWhole();
        }
    }

    private void decideWhole() {
        record.change(r -> Attributes.withBase(r.with(withOlder(r.snapshot(), Map.of())), Optional.empty()));
    }

    private boolean isAnnounced(Snapshot base) {
        return retries.repeat(
                "saying that it is built on " + base.id(),
                job.cancellation(),
                () -> loans.announce(base.id(), job.id()));
    }

    private Optional<Snapshot> latest() {
        Snapshot own = record.snapshot();
        SnapshotQuery query = SnapshotQuery.all()
                .withInstance(own.instance().id().value())
                .withHypervisor(own.instance().hypervisor())
                .withTenant(own.tenant())
                .withStatus(SnapshotStatus.AVAILABLE);
        return installation.catalog().list(query, Optional.empty(), CANDIDATES).items().stream()
                .filter(candidate -> Attributes.launchOf(candidate).isEmpty())
                .map(CatalogRecord::snapshot)
                .filter(candidate -> candidate.requestedAt().isBefore(own.requestedAt())
                        && destinations.going().stream().allMatch(region -> isWhole(candidate, region))
                        && comparable(candidate).findAny().isPresent())
                .findFirst()
                .filter(latest -> !needs(latest).isEmpty());
    }

    private static boolean isWhole(Snapshot candidate, Region region) {
        return Replicas.in(region, candidate).filter(Replica::isComplete).isPresent();
    }

    /** Its disks that the snapshot has too, stored so that others can be built on them. */
    private Stream<DiskSnapshot> comparable(Snapshot candidate) {
        List<String> devices =
                record.snapshot().disks().stream().map(DiskSnapshot::device).toList();
        return candidate.disks().stream()
                .filter(disk -> devices.contains(disk.device())
                        && disk.codec().equals(SnapshotRequest.DEFAULT_CODEC)
                        && disk.object().isPresent());
    }

    /** What each disk would point into, the base's own object first. */
    private Map<String, List<OlderObject>> needs(Snapshot base) {
        int most = installation.settings().mostOlderObjects();
        return comparable(base)
                .filter(disk -> disk.older().size() < most)
                .collect(Collectors.toMap(DiskSnapshot::device, ChangeBase::needs));
    }

    private static List<OlderObject> needs(DiskSnapshot base) {
        List<OlderObject> needs = new ArrayList<>();
        needs.add(new OlderObject(base.object().orElseThrow(), base.bytesStored(), base.stored()));
        needs.addAll(base.older());
        return needs;
    }

    private void note(Snapshot base) {
        Map<String, List<OlderObject>> needs = needs(base);
        record.change(r -> r.with(withOlder(r.snapshot(), needs)));
    }

    private static Snapshot withOlder(Snapshot snapshot, Map<String, List<OlderObject>> older) {
        return snapshot.toBuilder()
                .disks(snapshot.disks().stream()
                        .map(disk -> disk.object().isPresent()
                                ? disk
                                : disk.withOlder(older.getOrDefault(disk.device(), List.of())))
                        .toList())
                .build();
    }

    /** Now that the need is noted: whether nobody has begun to remove it before, or one of its copies that are needed. */
    private boolean stays(Snapshot base) {
        boolean available = retries.call(
                "looking at what to build on",
                job.cancellation(),
                () -> loans.readable(base.id())
                        .map(CatalogRecord::snapshot)
                        .filter(found -> found.status() == SnapshotStatus.AVAILABLE
                                && destinations.going().stream().allMatch(region -> isWhole(found, region)))
                        .isPresent());
        return available && isEverywhere() && record.snapshot().disks().stream().allMatch(this::isReadable);
    }

    /** Looked at before anything depends on it: what is damaged makes no younger snapshot fail. */
    private boolean isReadable(DiskSnapshot disk) {
        if (disk.older().isEmpty() || disk.object().isPresent()) {
            return true;
        }
        try (ByteSource bytes = open(disk)) {
            index(bytes, disk).disks().forEach(IndexedDisk::packs);
            return true;
        } catch (SnapshotException e) {
            if (e.kind() != Kind.CORRUPT && e.kind() != Kind.NOT_FOUND && e.kind() != Kind.UNSUPPORTED) {
                throw e;
            }
            LOG.warn("disk {} is not built on what cannot be read: {}", disk.device(), e.getMessage());
            return false;
        }
    }

    /** A region that does not answer is left behind. */
    private boolean isEverywhere() {
        String what = "looking for what it is built on";
        return destinations
                .each(what, region -> retries.call(what, job.cancellation(), () -> hasAll(region)))
                .values()
                .stream()
                .allMatch(has -> has);
    }

    private boolean hasAll(Region region) {
        return record.snapshot().disks().stream()
                .filter(disk -> disk.object().isEmpty())
                .flatMap(disk -> disk.older().stream())
                .map(StoredObject::of)
                .allMatch(older -> loans.lends(older.key(), region)
                        && older.in(region.store()).isPresent());
    }

    /** The index of what a disk is built on; closed by the caller. Read in the first region that has it. */
    ByteSource open(DiskSnapshot disk) {
        StoredObject base = StoredObject.of(disk.older().get(0));
        SnapshotException failure = SnapshotException.notFound("no region has " + base.key());
        for (Region region : destinations.going()) {
            try {
                return new RetriedBytes(
                        new ObjectReading(retries, job.cancellation(), base).open(region), retries, job.cancellation());
            } catch (SnapshotException e) {
                job.cancellation().check();
                failure = e;
            }
        }
        throw failure;
    }

    /** The base as a pack that references to it call by its object's key. */
    static PackManifest index(ByteSource bytes, DiskSnapshot disk) {
        return PackManifest.open(bytes, disk.older().get(0).object());
    }

    /** Where a disk may differ from its base, if its volumes tell; empty if it must be read. */
    Optional<List<ByteRange>> changes(DiskSnapshot disk) {
        return Attributes.base(record.record()).flatMap(loans::readable).flatMap(base -> changes(base, disk.device()));
    }

    private Optional<List<ByteRange>> changes(CatalogRecord base, String device) {
        Function<CatalogRecord, Optional<VolumeAccess>> kept = r -> Optional.of(r)
                .filter(snapshot -> snapshot.snapshot().isKeptOnVolumes())
                .flatMap(snapshot -> VolumeAccess.reached(installation, snapshot));
        Optional<VolumeAccess> younger = kept.apply(record.record());
        Optional<VolumeAccess> older = kept.apply(base);
        if (younger.isEmpty() || older.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(retries.call(
                    "comparing the volumes",
                    job.cancellation(),
                    () -> younger.get()
                            .volumes()
                            .changes(younger.get().kept(), older.get().kept(), device)));
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND && e.kind() != Kind.INVALID && e.kind() != Kind.UNSUPPORTED) {
                throw e;
            }
            LOG.info("disk {} is read whole, its volume cannot be compared: {}", device, e.getMessage());
            return Optional.empty();
        }
    }
}
