package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.CaptureReport;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Phase;
import io.stillframe.model.Replica;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadOptions;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last step to {@code AVAILABLE}: publishes the manifest of a snapshot whose record says that all its disks are stored. May be
 * done again by another process: the same record makes the same manifest.
 */
final class Publication {
    private static final Logger LOG = LoggerFactory.getLogger(Publication.class);

    private static final String PUBLISH = "publish";

    private final Installation installation;
    private final Retries retries;
    private final Job job;
    private final ObjectStore store;

    Publication(Installation installation, Retries retries, Job job) {
        this.installation = installation;
        this.retries = retries;
        this.job = job;
        this.store = installation.storeOf(job.record().snapshot());
    }

    void run() {
        try (PhaseSpan span =
                PhaseEvents.begin(PhaseEvents.Kind.PUBLISH, job.record().snapshot())) {
            publish(span);
            span.done("available");
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
        retries.run("publishing the manifest", job.cancellation(), () -> {
            record.assureLease();
            put(bytes);
        });
        available(retries.call("asking for the time", job.cancellation(), this::completion));
        record.receipt(PUBLISH, "available");
    }

    /** Whether everything before the manifest is in the store as the record says. */
    boolean isComplete() {
        List<DiskSnapshot> disks = job.record().snapshot().disks();
        return job.record().snapshot().phase() == Phase.PUBLISHING
                && disks.stream().allMatch(new StoredObjects(store)::has);
    }

    /**
     * By the clock that all services share, if the catalog has one: none that goes wrong by itself shortens a retention. Otherwise by this
     * machine's, and not before what it has called the point in time.
     */
    private Instant completion() {
        return installation.catalog().ownTime().orElseGet(() -> {
            Instant local = installation.clock().instant();
            return job.record()
                    .snapshot()
                    .capture()
                    .map(CaptureReport::pointInTime)
                    .filter(local::isBefore)
                    .orElse(local);
        });
    }

    private void available(Instant completion) {
        List<Replica> replicas = installation.regions().stream()
                .map(region -> new Replica(
                        region.name(),
                        region.store().uri(),
                        Replica.State.COMPLETE,
                        Optional.of(completion),
                        Optional.empty()))
                .toList();
        job.record()
                .update(s -> s.toBuilder()
                        .status(SnapshotStatus.AVAILABLE)
                        .phase(Phase.DONE)
                        .completedAt(completion)
                        .replicas(replicas)
                        .build());
        LOG.info("available, {} bytes stored", job.record().snapshot().bytesStored());
    }

    private void put(ByteBuffer bytes) {
        ObjectKey key = StoredLayout.manifest(job.id());
        UploadOptions options = new UploadOptions("application/json", Optional.empty());
        try {
            PublishOutcome outcome = store.put(key, bytes.duplicate(), PublishMode.CREATE_IF_ABSENT, options);
            if (outcome instanceof PublishOutcome.AlreadyExists other) {
                requireSame(other.existing(), bytes);
            }
        } catch (SnapshotException e) {
            throw e.kind() == Kind.OUTCOME_UNKNOWN
                    ? SnapshotException.transientFault(String.valueOf(e.getMessage()), e)
                    : e;
        }
    }

    /** An earlier try, by this or by a dead process, has published it. */
    private void requireSame(ObjectStat existing, ByteBuffer bytes) {
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
