package io.stillframe.internal.engine;

import io.stillframe.internal.engine.RegionCalls.Outcome;
import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.Phase;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.Work;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last step to {@code AVAILABLE}: publishes the manifest of a snapshot whose record says that all its disks are stored, in every
 * region that has them. May be done again by another process: the same record makes the same manifest.
 */
final class Publication {
    private static final Logger LOG = LoggerFactory.getLogger(Publication.class);

    private static final String PUBLISH = "publish";

    private final Installation installation;
    private final Retries retries;
    private final RegionCalls calls;
    private final Job job;
    private Optional<List<Region>> found = Optional.empty();

    Publication(Installation installation, Retries retries, RegionCalls calls, Job job) {
        this.installation = installation;
        this.retries = retries;
        this.calls = calls;
        this.job = job;
    }

    void run() {
        try (PhaseSpan span =
                PhaseEvents.begin(PhaseEvents.Kind.PUBLISH, job.record().snapshot())) {
            publish(span);
            span.done(job.record().snapshot().status() == SnapshotStatus.AVAILABLE ? "available" : "stored");
        }
    }

    private void publish(PhaseSpan span) {
        OwnedRecord record = job.record();
        Manifest manifest = Manifest.of(record.snapshot(), Attributes.definition(record.record()));
        ByteBuffer bytes = manifest.toBytes();
        span.bytes(bytes.remaining());
        record.assureLease();
        record.intent(PUBLISH, bytes.remaining() + " bytes");
        job.cancellation().check();
        List<Outcome<Region>> outcomes =
                calls.run("publishing the manifest", found.orElseGet(this::sentTo), job.cancellation(), region -> {
                    retries.repeat("publishing the manifest", job.cancellation(), () -> {
                        record.assureLease();
                        put(region.store(), bytes);
                    });
                    return region;
                });
        if (outcomes.stream().noneMatch(Outcome::isGood)) {
            throw RegionCalls.failure(outcomes);
        }
        stored(
                outcomes,
                retries.call(
                        "asking for the time",
                        job.cancellation(),
                        () -> CompletionTime.of(record.snapshot(), installation)));
        record.receipt(PUBLISH, record.snapshot().status().name().toLowerCase(Locale.ROOT));
    }

    /** Whether everything before the manifest is in some region as the record says. */
    boolean isComplete() {
        if (job.record().snapshot().phase() != Phase.PUBLISHING) {
            return false;
        }
        List<Outcome<Boolean>> outcomes =
                calls.run("looking for the disks", sentTo(), job.cancellation(), this::hasAll);
        if (outcomes.stream().noneMatch(Outcome::isGood)) {
            throw RegionCalls.failure(outcomes);
        }
        List<Region> whole = outcomes.stream()
                .filter(outcome -> outcome.value().equals(Optional.of(true)))
                .map(Outcome::region)
                .toList();
        found = Optional.of(whole).filter(regions -> !regions.isEmpty());
        return found.isPresent();
    }

    private boolean hasAll(Region region) {
        return StoredObject.all(job.record().snapshot()).stream()
                .allMatch(object -> object.in(region.store()).isPresent());
    }

    /** The regions that the transfer has not left behind and that are allowed still. */
    private List<Region> sentTo() {
        Snapshot snapshot = job.record().snapshot();
        Residency residency = Residency.of(installation.settings().residency(), snapshot);
        List<Region> sentTo = installation.requireReached(snapshot).stream()
                .filter(residency::allows)
                .filter(region -> Replicas.in(region, snapshot)
                        .filter(replica -> replica.state() == Replica.State.BEHIND)
                        .isEmpty())
                .toList();
        if (sentTo.isEmpty()) {
            throw SnapshotException.unsupported("this service reaches no region that has all of snapshot "
                    + snapshot.id() + " and that the rules of residency allow; use a service that does");
        }
        return sentTo;
    }

    /** Available, if that is enough for what was asked; else the copies that are behind come first. */
    private void stored(List<Outcome<Region>> outcomes, Instant completion) {
        job.record().change(record -> {
            Snapshot snapshot = record.snapshot();
            List<Replica> replicas = installation.replicas(snapshot).stream()
                    .map(replica -> settled(replica, outcomes, completion))
                    .toList();
            Snapshot.Builder stored = snapshot.toBuilder().replicas(replicas);
            if (snapshot.placement().availability().isMetBy(replicas)) {
                return record.with(stored.status(SnapshotStatus.AVAILABLE)
                        .phase(Phase.DONE)
                        .completedAt(completion)
                        .build());
            }
            return record.withWork(Work.DUTIES)
                    .with(stored.phase(Phase.REPLICATING).build());
        });
        LOG.info(
                "{}, {} bytes stored",
                job.record().snapshot().status(),
                job.record().snapshot().bytesStored());
    }

    private Replica settled(Replica replica, List<Outcome<Region>> outcomes, Instant completion) {
        return outcomes.stream()
                .filter(outcome -> outcome.region().holds(replica))
                .findFirst()
                .map(outcome -> outcome.isGood()
                        ? replica.complete(completion, job.record().snapshot().bytesStored())
                        : replica.behind(outcome.why()))
                .orElseGet(() ->
                        replica.failure().isPresent() ? replica : replica.behind("not all disks are stored there"));
    }

    private void put(ObjectStore store, ByteBuffer bytes) {
        ObjectKey key = StoredLayout.manifest(job.id());
        UploadOptions options = new UploadOptions("application/json", Optional.empty());
        PublishOutcome outcome = store.put(key, bytes.duplicate(), PublishMode.CREATE_IF_ABSENT, options);
        if (outcome instanceof PublishOutcome.AlreadyExists other) {
            requireSame(store, other.existing(), bytes);
        }
    }

    /** An earlier try, by this or by a dead process, has published it. */
    private void requireSame(ObjectStore store, ObjectStat existing, ByteBuffer bytes) {
        if (existing.size() == bytes.remaining()) {
            ByteBuffer found = ByteBuffer.allocate(bytes.remaining());
            try (ByteSource source = store.open(existing.key())) {
                source.read(0, found);
            }
            if (found.flip().equals(bytes)) {
                return;
            }
        }
        throw SnapshotException.conflict("another manifest of " + job.id() + " exists and was left untouched");
    }
}
