package io.stillframe.internal.engine;

import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Phase;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.Plugins;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores one held point in time: from {@code QUEUED} to {@code AVAILABLE}, or whole in some region. Reads, converts, compresses and sends
 * each disk to all of its regions in one pass, and publishes the manifest last. Whatever is thrown, the manifest was not published, or
 * the record says that everything before it was complete. For one thread, once.
 */
final class TransferWorkflow {
    private static final Logger LOG = LoggerFactory.getLogger(TransferWorkflow.class);

    static final String STORE = "store";

    private final Installation installation;
    private final Retries retries;
    private final Threads threads;
    private final RegionCalls calls;
    private final TransferWatch watch;
    private final Job job;
    private final OwnedRecord record;
    private final ImageCodec codec;

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
        this.codec = Plugins.codec(Attributes.codec(record.record()));
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
        destinations.each("removing what an interrupted transfer has left", region -> {
            EarlierTransfer earlier = earlier(region);
            retries.run("removing what an interrupted transfer has left", job.cancellation(), earlier::removeStrays);
            return region;
        });
        CapturePlan plan = Attributes.requirePlan(record.record());
        DiskCapture capture = installation
                .requireHypervisor(record.snapshot().instance().hypervisor())
                .capture();
        destinations.begin(installation);
        try (OpenDisks disks = OpenDisks.open(capture, plan, job.cancellation())) {
            watch.begin(disks.dataBytes());
            for (DiskSnapshot disk : record.snapshot().disks()) {
                if (isStored(disk, destinations)) {
                    watch.diskSkipped(disk.bytesRead(), disk.bytesStored());
                } else {
                    DiskSnapshot stored = store(disk, disks.of(disk.device()), destinations);
                    record.update(s -> destinations.told(s).toBuilder()
                            .disks(with(s.disks(), stored))
                            .build());
                }
            }
            record.update(s -> destinations.told(s).toBuilder()
                    .progress(watch.progress())
                    .phase(Phase.PUBLISHING)
                    .build());
        } finally {
            watch.end();
        }
    }

    private EarlierTransfer earlier(Region region) {
        return EarlierTransfer.of(record.record(), region);
    }

    /** Whether an earlier transfer has stored it; a region that has it no more is left behind, unless all have lost it. */
    private boolean isStored(DiskSnapshot disk, Destinations destinations) {
        if (disk.object().isEmpty()) {
            return false;
        }
        Map<Region, Boolean> stored = destinations.each(
                "looking for " + disk.device(), region -> earlier(region).isStored(disk));
        if (!stored.containsValue(true)) {
            return false;
        }
        stored.forEach((region, has) -> {
            if (!has) {
                destinations.leaveBehind(region, "disk " + disk.device() + " is missing there");
            }
        });
        return true;
    }

    private static List<DiskSnapshot> with(List<DiskSnapshot> disks, DiskSnapshot stored) {
        return disks.stream()
                .map(disk -> disk.device().equals(stored.device()) ? stored : disk)
                .toList();
    }

    private DiskSnapshot store(DiskSnapshot disk, BlockSource source, Destinations destinations) {
        ImageSpec size = ImageSpec.ofSize(source.size());
        ImageSpec spec = Attributes.compression(record.record())
                .map(size::withCompression)
                .orElse(size);
        ObjectKey key = StoredLayout.disk(job.id(), disk.device(), codec);
        try (ImageWriter writer = codec.newWriter(spec);
                DiskUploads uploads = new DiskUploads(threads, retries, job, destinations, disk.device(), key)) {
            uploads.goOn(writer.headLength());
            PartLayout layout = uploads.layout()
                    .orElseGet(() -> PartSizes.layout(
                            installation.settings(),
                            destinations.going().stream()
                                    .map(region -> region.store().capabilities())
                                    .toList(),
                            codec,
                            writer,
                            source));
            return send(disk, source, writer, layout, uploads, destinations);
        }
    }

    private DiskSnapshot send(
            DiskSnapshot disk,
            BlockSource source,
            ImageWriter writer,
            PartLayout layout,
            DiskUploads uploads,
            Destinations destinations) {
        ObjectKey key = uploads.key();
        record.assureLease();
        record.intent(STORE, key.value());
        uploads.begin(layout);
        int buffers = PartSizes.buffers(installation.settings(), layout.firstSize(), uploads.count());
        try (PartBuffers memory = new PartBuffers(layout.firstSize(), buffers);
                PartedUpload upload = uploads.open(memory, terms(destinations))) {
            watch.disk(upload, destinations.going());
            StreamResult result =
                    ImageStream.run(source, writer, upload, streamSettings(), job.cancellation(), watch::onProgress);
            upload.awaitSent();
            uploads.leaveBehindAllBut(upload.going());
            record.assureLease();
            uploads.complete(upload, result.bytesStored());
            watch.diskDone(result.bytesRead(), result.bytesStored());
            record.receipt(STORE, key.value());
            LOG.info("stored {}: {} bytes read, {} stored", key, result.bytesRead(), result.bytesStored());
            return stored(disk, key, result);
        }
    }

    private PartedUpload.Terms terms(Destinations destinations) {
        return new PartedUpload.Terms(
                installation.settings().uploadsPerTransfer(),
                installation.settings().regionPatience(),
                region -> PhaseEvents.begin(PhaseEvents.Kind.PART_UPLOAD, record.snapshot(), region),
                (name, why) -> destinations
                        .named(name)
                        .ifPresent(region -> leaveBehind(destinations, region, RegionCalls.reason(why))));
    }

    /** Told by another thread, that of the region's: the one that finds it out may be reading the disk. */
    private void leaveBehind(Destinations destinations, Region region, String why) {
        threads.calls(region)
                .execute(() -> job.inContext(() -> {
                    try {
                        destinations.leaveBehind(region, why);
                    } catch (RuntimeException | Error e) {
                        LOG.info("told with the transfer's next step: {}", e.toString());
                    }
                }));
    }

    private StreamSettings streamSettings() {
        return StreamSettings.ofDefaults()
                .withThreads(installation.settings().encodersPerTransfer())
                .withMemoryLimit(PartSizes.share(installation.settings()));
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
