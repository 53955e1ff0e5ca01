package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.Replica;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Stores in one region what is kept of a snapshot on volumes, the manifest last: the instance is not touched, and the snapshot is what it
 * was meanwhile. Interrupted, another job goes on with it. For one thread, once.
 */
final class VolumeTransfer {
    private static final String PUBLISH = "publish";

    private final Installation installation;
    private final Retries retries;
    private final Threads threads;
    private final RegionCalls calls;
    private final Job job;
    private final OwnedRecord record;

    VolumeTransfer(Installation installation, Retries retries, Threads threads, RegionCalls calls, Job job) {
        this.installation = installation;
        this.retries = retries;
        this.threads = threads;
        this.calls = calls;
        this.job = job;
        this.record = job.record();
    }

    /** When it returns, all of it is there, and only the record does not say so yet. */
    void run(Region target) {
        record.update(s -> Replicas.with(s, target, Replica::transferring));
        try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.TRANSFER, record.snapshot())) {
            storeDisks(target);
            span.bytes(record.snapshot().bytesStored());
            span.done("stored in region " + target.name());
        } catch (SnapshotException e) {
            throw explained(target, e);
        }
        RetentionFile.of(record.snapshot())
                .ifPresent(file -> retries.run("storing the retention", job.cancellation(), () -> {
                    record.assureLease();
                    RetentionChange.put(target, file);
                }));
        publish(target);
    }

    private void storeDisks(Region target) {
        VolumeAccess access = VolumeAccess.of(installation, record.record())
                .orElseThrow(() -> SnapshotException.corrupt(
                        "the record of " + record.id() + " says that it is kept on volumes, but not where"));
        TransferWatch watch =
                new TransferWatch(job, threads.ticks(), installation.settings().stallLimit(), unused -> {});
        DiskTransfer transfer =
                new DiskTransfer(installation, retries, threads, watch, job, Destinations.only(calls, job, target));
        transfer.removeStrays();
        try (OpenDisks disks = OpenDisks.open(
                access.kept().disks(), device -> access.volumes().open(access.kept(), device), job.cancellation())) {
            watch.begin(disks.dataBytes());
            transfer.run(disks);
        } finally {
            watch.end();
        }
        record.update(s -> s.toBuilder().progress(watch.progress()).build());
    }

    /** What an interrupted try has published was removed with what else it has left. */
    private void publish(Region target) {
        ByteBuffer bytes = Manifest.of(record.snapshot(), Attributes.definition(record.record()))
                .toBytes();
        record.assureLease();
        record.intent(PUBLISH, bytes.remaining() + " bytes");
        retries.repeat("publishing the manifest", job.cancellation(), () -> {
            record.assureLease();
            return target.store()
                    .put(
                            StoredLayout.manifest(job.id()),
                            bytes.duplicate(),
                            PublishMode.REPLACE,
                            new UploadOptions("application/json", Optional.empty()));
        });
        record.receipt(PUBLISH, target.name());
    }

    /** A transfer that stood still was told to stop for that. */
    private SnapshotException explained(Region target, SnapshotException e) {
        Optional<String> stalled = job.stopped()
                .filter(stop -> stop.reason() == Job.StopReason.STALLED)
                .map(Job.Stop::message);
        if (stalled.isEmpty()) {
            return e;
        }
        record.update(s -> Replicas.with(s, target, copy -> copy.behind(stalled.get())));
        return SnapshotException.transientFault(stalled.get(), e);
    }
}
