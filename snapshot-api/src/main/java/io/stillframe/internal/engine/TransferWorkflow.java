package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.Phase;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.DiskCapture;

/**
 * Stores one held point in time: from {@code QUEUED} to {@code AVAILABLE}, or whole in some region. Reads, converts, compresses and sends
 * each disk to all of its regions in one pass, and publishes the manifest last. Whatever is thrown, the manifest was not published, or
 * the record says that everything before it was complete. For one thread, once.
 */
final class TransferWorkflow {
    private final Installation installation;
    private final Retries retries;
    private final Threads threads;
    private final RegionCalls calls;
    private final TransferWatch watch;
    private final Job job;
    private final OwnedRecord record;

    TransferWorkflow(
            Installation installation,
            Retries retries,
            Threads threads,
            RegionCalls calls,
            TransferWatch watch,
            Job job) {
        this.installation = installation;
        this.retries = retries;
        this.threads = threads;
        this.calls = calls;
        this.watch = watch;
        this.job = job;
        this.record = job.record();
        installation.requireReached(record.snapshot());
    }

    /** When it returns, the snapshot is {@code AVAILABLE}, or whole in some region; its point in time is still to be released. */
    void run() {
        Publication publication = new Publication(installation, retries, calls, job);
        if (!publication.isComplete()) {
            try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.TRANSFER, record.snapshot())) {
                storeDisks();
                span.bytes(record.snapshot().bytesStored());
                span.done("stored");
            }
        }
        publication.run();
    }

    private void storeDisks() {
        Destinations destinations = Destinations.of(installation, calls, job);
        DiskTransfer transfer = new DiskTransfer(installation, retries, threads, watch, job, destinations);
        transfer.removeStrays();
        CapturePlan plan = Attributes.requirePlan(record.record());
        DiskCapture capture = installation
                .requireHypervisor(record.snapshot().instance().hypervisor())
                .capture();
        destinations.begin(installation);
        try (OpenDisks disks = OpenDisks.open(plan.disks(), device -> capture.open(plan, device), job.cancellation())) {
            watch.begin(disks.dataBytes());
            transfer.run(disks);
            record.update(s -> destinations.told(s).toBuilder()
                    .progress(watch.progress())
                    .phase(Phase.PUBLISHING)
                    .build());
        } finally {
            watch.end();
        }
    }
}
