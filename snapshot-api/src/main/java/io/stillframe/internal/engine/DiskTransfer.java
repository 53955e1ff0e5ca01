package io.stillframe.internal.engine;

import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.pack.IncrementalPack;
import io.stillframe.image.pack.PackReference;
import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Compression;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Snapshot;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.Plugins;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores a snapshot's disks, one after the other: reads, converts, compresses and sends each to all of its regions in one pass, and makes
 * the record say so. What an interrupted transfer has stored is left as it is, an upload that it began is gone on with. For one thread.
 */
final class DiskTransfer {
    private static final Logger LOG = LoggerFactory.getLogger(DiskTransfer.class);

    private static final String STORE = "store";

    private static final int USUAL_LEVEL = 1;

    private final Installation installation;
    private final Retries retries;
    private final Threads threads;
    private final TransferWatch watch;
    private final Job job;
    private final OwnedRecord record;
    private final Destinations destinations;
    private final ImageCodec codec;
    private final ChangeBase base;

    DiskTransfer(
            Installation installation,
            Retries retries,
            Threads threads,
            TransferWatch watch,
            Job job,
            Destinations destinations) {
        this.installation = installation;
        this.retries = retries;
        this.threads = threads;
        this.watch = watch;
        this.job = job;
        this.record = job.record();
        this.destinations = destinations;
        this.codec = Plugins.codec(Attributes.codec(record.record()));
        this.base = new ChangeBase(installation, retries, job, destinations);
    }

    /** Removes from the regions what nobody goes on with. */
    void removeStrays() {
        String what = "removing what an interrupted transfer has left";
        Map<Region, List<ObjectKey>> strays =
                destinations.each(what, region -> retries.call(what, job.cancellation(), earlier(region)::strays));
        if (strays.values().stream().allMatch(List::isEmpty)) {
            return;
        }
        destinations.eachWithin(installation.settings().stallLimit(), what, region -> {
            List<ObjectKey> found = strays.getOrDefault(region, List.of());
            retries.run(what, job.cancellation(), () -> earlier(region).remove(found));
            return region;
        });
    }

    /** Stores all of them. */
    void run(OpenDisks disks) {
        base.decide();
        for (DiskSnapshot disk : record.snapshot().disks()) {
            if (isStored(disk)) {
                watch.diskSkipped(disk.bytesRead(), disk.bytesStored());
            } else {
                DiskSnapshot stored = store(asDecided(disk), disks.of(disk.device()));
                record.update(s -> with(destinations.told(s), stored));
            }
        }
    }

    /** One that was stored and is nowhere any more is stored whole: what it lists since is what it needed, not what it was built on. */
    private static DiskSnapshot asDecided(DiskSnapshot disk) {
        return disk.object().isPresent() ? disk.withOlder(List.of()) : disk;
    }

    private static Snapshot with(Snapshot snapshot, DiskSnapshot stored) {
        return snapshot.toBuilder().disks(with(snapshot.disks(), stored)).build();
    }

    private EarlierTransfer earlier(Region region) {
        return EarlierTransfer.of(record.record(), region);
    }

    /** Whether an earlier transfer has stored it; a region that has it no more is left behind, unless all have lost it. */
    private boolean isStored(DiskSnapshot disk) {
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

    private DiskSnapshot store(DiskSnapshot disk, BlockSource source) {
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
            return send(disk, source, writer, layout, uploads);
        }
    }

    private DiskSnapshot send(
            DiskSnapshot disk, BlockSource source, ImageWriter writer, PartLayout layout, DiskUploads uploads) {
        ObjectKey key = uploads.key();
        record.assureLease();
        record.intent(STORE, key.value());
        uploads.begin(layout);
        int buffers = PartSizes.buffers(installation.settings(), layout.firstSize(), uploads.count());
        try (PartBuffers memory = new PartBuffers(layout.firstSize(), buffers);
                PartedUpload upload = uploads.open(memory, terms())) {
            watch.disk(upload, destinations.going());
            IncrementalPack.Written written = write(disk, source, writer, upload);
            StreamResult result = written.result();
            upload.awaitSent();
            uploads.leaveBehindAllBut(upload.going());
            record.assureLease();
            uploads.complete(upload, result.bytesStored());
            watch.diskDone(result.bytesRead(), result.bytesStored());
            record.receipt(STORE, key.value());
            LOG.info("stored {}: {} bytes read, {} stored", key, result.bytesRead(), result.bytesStored());
            return stored(disk, key, written);
        }
    }

    private IncrementalPack.Written write(
            DiskSnapshot disk, BlockSource source, ImageWriter writer, PartedUpload upload) {
        if (disk.older().isEmpty()) {
            return new IncrementalPack.Written(
                    ImageStream.run(source, writer, upload, streamSettings(), job.cancellation(), watch::onProgress),
                    List.of());
        }
        try (ByteSource bytes = base.open(disk)) {
            IncrementalPack pack = IncrementalPack.on(
                    ChangeBase.index(bytes, disk).disks().get(0),
                    Attributes.compression(record.record())
                            .map(Compression::level)
                            .orElse(OptionalInt.empty())
                            .orElse(USUAL_LEVEL));
            Optional<List<ByteRange>> changes = base.changes(disk);
            return changes.isPresent()
                    ? pack.byDirtyRanges(
                            source,
                            changes.get().iterator(),
                            upload,
                            streamSettings(),
                            job.cancellation(),
                            watch::onProgress)
                    : pack.byContent(source, upload, streamSettings(), job.cancellation(), watch::onProgress);
        }
    }

    private PartedUpload.Terms terms() {
        return new PartedUpload.Terms(
                installation.settings().uploadsPerTransfer(),
                installation.settings().regionPatience(),
                region -> PhaseEvents.begin(PhaseEvents.Kind.PART_UPLOAD, record.snapshot(), region),
                (name, why) ->
                        destinations.named(name).ifPresent(region -> leaveBehind(region, RegionCalls.reason(why))));
    }

    /** Told by another thread, that of the region's: the one that finds it out may be reading the disk. */
    private void leaveBehind(Region region, String why) {
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

    private static DiskSnapshot stored(DiskSnapshot disk, ObjectKey key, IncrementalPack.Written written) {
        StreamResult result = written.result();
        Set<String> needed = written.older().stream().map(PackReference::name).collect(Collectors.toSet());
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
                result.stored(),
                disk.volume(),
                disk.older().stream()
                        .filter(older -> needed.contains(older.object()))
                        .toList());
    }
}
