package io.stillframe.internal.engine;

import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Phase;
import io.stillframe.model.Replica;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores one held point in time: from {@code QUEUED} to {@code AVAILABLE}. Reads, converts, compresses and sends each disk in one pass
 * and publishes the manifest last. Whatever is thrown, the manifest was not published, or the record says that everything before it
 * was complete. For one thread, once.
 */
final class TransferWorkflow {
    private static final Logger LOG = LoggerFactory.getLogger(TransferWorkflow.class);

    static final String STORE = "store";

    private final Installation installation;
    private final Retries retries;
    private final Executor senders;
    private final TransferWatch watch;
    private final Job job;
    private final OwnedRecord record;
    private final ImageCodec codec;
    private final ObjectStore store;

    TransferWorkflow(Installation installation, Retries retries, Executor senders, TransferWatch watch, Job job) {
        this.installation = installation;
        this.retries = retries;
        this.senders = task -> senders.execute(() -> job.inContext(task));
        this.watch = watch;
        this.job = job;
        this.record = job.record();
        this.codec = Plugins.codec(Attributes.codec(record.record()));
        this.store = installation.storeOf(record.snapshot());
    }

    /** When it returns, the snapshot is {@code AVAILABLE}; its point in time is still to be released. */
    void run() {
        Publication publication = new Publication(installation, retries, job);
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
        EarlierTransfer earlier = EarlierTransfer.of(record.record(), store);
        retries.run("removing what an interrupted transfer has left", job.cancellation(), earlier::removeStrays);
        CapturePlan plan = Attributes.requirePlan(record.record());
        DiskCapture capture = installation
                .requireHypervisor(record.snapshot().instance().hypervisor())
                .capture();
        record.update(s -> s.toBuilder()
                .phase(Phase.TRANSFERRING)
                .replicas(replicas(Replica.State.TRANSFERRING))
                .build());
        try (OpenDisks disks = OpenDisks.open(capture, plan, job.cancellation())) {
            watch.begin(disks.dataBytes());
            for (DiskSnapshot disk : record.snapshot().disks()) {
                if (earlier.isStored(disk)) {
                    watch.diskSkipped(disk.bytesRead(), disk.bytesStored());
                } else {
                    DiskSnapshot stored = store(disk, disks.of(disk.device()), earlier);
                    record.update(
                            s -> s.toBuilder().disks(with(s.disks(), stored)).build());
                }
            }
            record.update(s -> s.toBuilder()
                    .progress(watch.progress())
                    .phase(Phase.PUBLISHING)
                    .build());
        } finally {
            watch.end();
        }
    }

    private static List<DiskSnapshot> with(List<DiskSnapshot> disks, DiskSnapshot stored) {
        return disks.stream()
                .map(disk -> disk.device().equals(stored.device()) ? stored : disk)
                .toList();
    }

    private DiskSnapshot store(DiskSnapshot disk, BlockSource source, EarlierTransfer earlier) {
        ImageSpec size = ImageSpec.ofSize(source.size());
        ImageSpec spec = Attributes.compression(record.record())
                .map(size::withCompression)
                .orElse(size);
        ObjectKey key = StoredLayout.disk(job.id(), disk.device(), codec);
        try (ImageWriter writer = codec.newWriter(spec)) {
            Optional<UploadSession> begun = retries.call(
                    "going on with an upload",
                    job.cancellation(),
                    () -> earlier.goOn(disk.device(), key, writer.headLength()));
            PartLayout layout = begun.isPresent()
                    ? begun.get().token().layout()
                    : PartSizes.layout(installation.settings(), List.of(store.capabilities()), codec, writer, source);
            return send(disk, source, writer, key, layout, begun);
        }
    }

    private DiskSnapshot send(
            DiskSnapshot disk,
            BlockSource source,
            ImageWriter writer,
            ObjectKey key,
            PartLayout layout,
            Optional<UploadSession> begun) {
        int buffers = PartSizes.buffers(installation.settings(), layout.firstSize());
        record.assureLease();
        record.intent(STORE, key.value());
        try (UploadSession session = begun.orElseGet(() -> beginUpload(key, layout))) {
            record.change(r -> Attributes.withUpload(r, disk.device(), session.token()));
            try (PartBuffers memory = new PartBuffers(layout.firstSize(), buffers);
                    PartedUpload upload = new PartedUpload(
                            List.of(session), memory, senders, retries, job.cancellation(), this::partSpan)) {
                watch.disk(upload);
                StreamResult result = ImageStream.run(
                        source, writer, upload, streamSettings(), job.cancellation(), watch::onProgress);
                record.assureLease();
                new ObjectCompletion(store, retries, job.cancellation())
                        .complete(key, result.bytesStored(), mode -> upload.complete(0, mode));
                watch.diskDone(result.bytesRead(), result.bytesStored());
                record.receipt(STORE, key.value());
                LOG.info("stored {}: {} bytes read, {} stored", key, result.bytesRead(), result.bytesStored());
                return stored(disk, key, result);
            } finally {
                leaveToSuccessor(session);
            }
        }
    }

    private PhaseSpan partSpan() {
        return PhaseEvents.begin(PhaseEvents.Kind.PART_UPLOAD, record.snapshot());
    }

    private UploadSession beginUpload(ObjectKey key, PartLayout layout) {
        return retries.call(
                "beginning an upload",
                job.cancellation(),
                () -> store.beginUpload(key, layout, UploadOptions.ofDefaults()));
    }

    /** Another process has taken over, or goes on with what has arrived: even the abort of this upload is its business now. */
    private void leaveToSuccessor(UploadSession session) {
        if (record.isFenced() || job.isHandedBack()) {
            session.detach();
        }
    }

    private StreamSettings streamSettings() {
        return StreamSettings.ofDefaults()
                .withThreads(installation.settings().encodersPerTransfer())
                .withMemoryLimit(PartSizes.share(installation.settings()));
    }

    private List<Replica> replicas(Replica.State state) {
        return installation.regions().stream()
                .map(region ->
                        new Replica(region.name(), region.store().uri(), state, Optional.empty(), Optional.empty()))
                .toList();
    }

    private DiskSnapshot stored(DiskSnapshot disk, ObjectKey key, StreamResult result) {
        return new DiskSnapshot(
                disk.device(),
                disk.role(),
                disk.sourceFormat(),
                disk.virtualSize(),
                disk.codec(),
                Optional.of(key.value()),
                result.bytesRead(),
                result.bytesStored(),
                result.content(),
                result.stored());
    }
}
