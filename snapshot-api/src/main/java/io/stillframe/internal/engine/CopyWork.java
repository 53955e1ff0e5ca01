package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.Replica;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a snapshot's copies what its record wants: those that are behind are copied from a complete one, store to store, or else from its
 * volumes, the manifest last; those that are not wanted any more are removed. For one thread, once.
 */
final class CopyWork {
    private static final Logger LOG = LoggerFactory.getLogger(CopyWork.class);

    private final Installation installation;
    private final Retries retries;
    private final Threads threads;
    private final RegionCalls calls;
    private final Job job;
    private final OwnedRecord record;

    CopyWork(Installation installation, Retries retries, Threads threads, RegionCalls calls, Job job) {
        this.installation = installation;
        this.retries = retries;
        this.threads = threads;
        this.calls = calls;
        this.job = job;
        this.record = job.record();
    }

    /**
     * Does what can be done.
     *
     * @param due regions to work on
     * @return the regions where it failed; their copies say why
     * @throws SnapshotException CANCELLED, FENCED
     */
    List<Region> run(Predicate<Region> due) {
        List<Region> failed = new ArrayList<>();
        for (Replica replica : record.snapshot().replicas()) {
            Optional<Region> region = installation.regionOf(replica).filter(due);
            if (Replicas.isOwed(replica) && region.isPresent() && !done(region.get(), replica)) {
                failed.add(region.get());
            }
        }
        return failed;
    }

    private boolean done(Region region, Replica replica) {
        try {
            job.cancellation().check();
            if (replica.state() == Replica.State.DELETING) {
                remove(region);
            } else {
                copyTo(region);
            }
            return true;
        } catch (SnapshotException e) {
            if (e.kind() == Kind.FENCED || job.cancellation().requested()) {
                throw e;
            }
            LOG.warn("the copy in region {} is not what it is to be, trying again later: {}", region, e.getMessage());
            String why = String.valueOf(e.getMessage());
            record.update(s -> Replicas.with(
                    s,
                    region,
                    copy -> copy.state() == Replica.State.DELETING ? copy.deletionFailed(why) : copy.behind(why)));
            return false;
        }
    }

    private void remove(Region region) {
        Set<ObjectKey> needed = retries.call("removing a copy", job.cancellation(), () -> {
            Set<ObjectKey> lent = new Loans(installation).of(record.record(), region);
            record.assureLease();
            new StoredObjects(region.store()).removeAllBut(lent, record.record(), region);
            return lent;
        });
        if (!needed.isEmpty()) {
            throw SnapshotException.conflict(why(needed));
        }
        record.change(r -> Replicas.in(region, r.snapshot())
                .map(copy -> Attributes.withoutCopy(r, copy))
                .orElse(r)
                .with(Replicas.without(r.snapshot(), region::holds)));
        LOG.info("the copy in region {} is removed", region);
    }

    private String why(Set<ObjectKey> needed) {
        List<String> keys = needed.stream().map(ObjectKey::value).sorted().toList();
        List<SnapshotId> unreadable =
                installation.catalog().unreadable(record.snapshot().instance().id());
        return unreadable.isEmpty()
                ? "younger snapshots in the region are built on " + keys
                : unreadable + ", whose records cannot be read, may be built on " + keys;
    }

    private void copyTo(Region target) {
        Residency residency = Residency.of(installation.settings().residency(), record.snapshot());
        residency.require(target);
        List<Region> sources = sources(target, residency);
        if (sources.isEmpty()) {
            storeFromVolumes(target);
            return;
        }
        try (CopyWatch watch = new CopyWatch(
                job, target, threads.ticks(), installation.settings().stallLimit())) {
            copyTo(target, sources, watch);
        }
    }

    private List<Region> sources(Region target, Residency residency) {
        Snapshot snapshot = record.snapshot();
        List<Region> sources = installation.reached(snapshot).stream()
                .filter(region -> !region.equals(target) && residency.allows(region))
                .filter(region -> Replicas.in(region, snapshot)
                        .filter(Replica::isComplete)
                        .isPresent())
                .toList();
        if (sources.isEmpty() && !snapshot.isKeptOnVolumes()) {
            throw SnapshotException.transientFault("no complete copy to copy from is within reach", null);
        }
        return sources;
    }

    /** The first copy in a region of a snapshot that is kept on volumes; others are copied from it. */
    private void storeFromVolumes(Region target) {
        retries.call(
                "asking the store", job.cancellation(), () -> target.store().stat(StoredLayout.manifest(job.id())));
        removeDiscarded(target);
        new VolumeTransfer(installation, retries, threads, calls, job).run(target);
        complete(target);
        LOG.info("stored in region {} from its volumes", target);
    }

    private void copyTo(Region target, List<Region> sources, CopyWatch watch) {
        Cancellation cancellation = watch.cancellation();
        // Whether it answers at all, before the record says that something is being sent.
        retries.call("asking the store", cancellation, () -> target.store().stat(StoredLayout.manifest(job.id())));
        removeDiscarded(target);
        record.update(s -> Replicas.with(s, target, Replica::transferring));
        List<Region> suspects = new ArrayList<>();
        SnapshotException last = null;
        for (Region source : sources) {
            try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.REGION_COPY, record.snapshot(), target.name())) {
                copy(source, target, watch);
                span.bytes(record.snapshot().bytesStored());
                span.done("copied from " + source.name());
                last = null;
                break;
            } catch (SnapshotException e) {
                job.cancellation().check();
                last = watch.explained(e);
                if (e.kind() == Kind.CORRUPT || e.kind() == Kind.NOT_FOUND) {
                    suspects.add(source);
                }
            }
        }
        if (last != null) {
            throw last;
        }
        suspects.stream().filter(this::isDamaged).forEach(this::discard);
    }

    private void copy(Region source, Region target, CopyWatch watch) {
        Cancellation cancellation = watch.cancellation();
        for (StoredObject object : StoredObject.all(record.snapshot())) {
            new ObjectCopy(installation, retries, threads, job, watch, object).run(source, target);
        }
        record.assureLease();
        RetentionFile.of(record.snapshot())
                .ifPresent(file ->
                        retries.run("storing the retention", cancellation, () -> RetentionChange.put(target, file)));
        ByteBuffer manifest = retries.call("reading the manifest", cancellation, () -> manifest(source.store()));
        retries.run("publishing the manifest", cancellation, () -> {
            record.assureLease();
            publish(target.store(), manifest);
        });
        complete(target);
        LOG.info("copied from region {} to {}", source, target);
    }

    private ByteBuffer manifest(ObjectStore source) {
        ObjectStat stat = source.stat(StoredLayout.manifest(job.id()))
                .orElseThrow(() -> SnapshotException.notFound("the manifest of " + job.id() + " is missing"));
        byte[] bytes = StoredBytes.read(source, stat, Manifest.LARGEST);
        Manifest.parse(bytes, stat.key().value());
        return ByteBuffer.wrap(bytes);
    }

    private void publish(ObjectStore target, ByteBuffer manifest) {
        PublishOutcome outcome = target.put(
                StoredLayout.manifest(job.id()),
                manifest.duplicate(),
                PublishMode.CREATE_IF_ABSENT,
                new UploadOptions("application/json", Optional.empty()));
        if (outcome instanceof PublishOutcome.AlreadyExists other
                && !ByteBuffer.wrap(StoredBytes.read(target, other.existing(), Manifest.LARGEST))
                        .equals(manifest)) {
            throw SnapshotException.conflict("another manifest of " + job.id() + " exists and was left untouched");
        }
    }

    /** What others need and what is not damaged: it is as good as what would be copied. */
    private Set<ObjectKey> wholeAmong(Set<ObjectKey> needed, Region region) {
        return record.snapshot().disks().stream()
                .filter(disk -> disk.object()
                        .map(ObjectKey::of)
                        .filter(needed::contains)
                        .isPresent())
                .map(StoredObject::of)
                .filter(object -> new ObjectReading(retries, job.cancellation(), object).isWhole(region))
                .map(StoredObject::key)
                .collect(Collectors.toSet());
    }

    private void complete(Region target) {
        record.change(r -> Attributes.withoutSuspect(r, target));
        new AwaitedCopies(installation, retries, job)
                .change((s, now) -> Replicas.with(s, target, copy -> copy.complete(now, s.bytesStored())));
    }

    /** The fault may have been the target's: nothing of a copy is removed before it was looked at alone. */
    private boolean isDamaged(Region suspect) {
        return new Wholeness(retries, job.cancellation())
                        .look(record.snapshot(), suspect)
                        .outcome()
                == ScrubReport.Outcome.DAMAGED;
    }

    /** Another copy was found to be whole: what this one has is removed when it is copied anew. */
    private void discard(Region damaged) {
        LOG.warn("the copy in region {} is damaged and is copied anew", damaged);
        record.change(r -> Attributes.withDiscarded(
                r.with(Replicas.with(r.snapshot(), damaged, copy -> copy.behind("it is damaged"))), damaged));
    }

    private void removeDiscarded(Region target) {
        if (Attributes.isDiscarded(record.record(), target)) {
            retries.run("removing a damaged copy", job.cancellation(), () -> {
                Set<ObjectKey> lent = wholeAmong(new Loans(installation).of(record.record(), target), target);
                record.assureLease();
                new StoredObjects(target.store()).removeAllBut(lent, record.record(), target);
            });
            record.change(r -> Attributes.withSuspect(Attributes.withoutDiscarded(r, target), target));
        }
    }
}
