package io.stillframe.internal.engine;

import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;

/** One disk's uploads to the regions of a transfer, new or gone on with, all in the same parts. For one thread. */
final class DiskUploads implements AutoCloseable {
    private final Threads threads;
    private final Retries retries;
    private final Job job;
    private final Destinations destinations;
    private final String device;
    private final ObjectKey key;
    private final Map<Region, RegionUpload> uploads = new LinkedHashMap<>();

    DiskUploads(Threads threads, Retries retries, Job job, Destinations destinations, String device, ObjectKey key) {
        this.threads = threads;
        this.retries = retries;
        this.job = job;
        this.destinations = destinations;
        this.device = device;
        this.key = key;
    }

    ObjectKey key() {
        return key;
    }

    int count() {
        return uploads.size();
    }

    /** Takes up what an earlier transfer has begun, as far as it is cut alike. */
    void goOn(int headLength) {
        Map<Region, Optional<UploadSession>> begun = destinations.each(
                "going on with an upload",
                region -> retries.call(
                        "going on with an upload",
                        job.cancellation(),
                        () -> EarlierTransfer.of(job.record().record(), region).goOn(device, key, headLength)),
                late -> late.ifPresent(DiskUploads::leave));
        begun.forEach((region, session) -> session.ifPresent(upload -> {
            if (layout().filter(cut -> !cut.equals(upload.token().layout())).isPresent()) {
                upload.close();
            } else {
                uploads.put(region, new RegionUpload(region, upload, threads.calls(region)));
            }
        }));
    }

    /** How what was begun is cut; empty if nothing was. */
    Optional<PartLayout> layout() {
        return uploads.values().stream()
                .findFirst()
                .map(upload -> upload.session().token().layout());
    }

    /** Begins the uploads that were not begun, and notes them all in the record. */
    void begin(PartLayout layout) {
        Map<Region, RegionUpload> begun = Map.copyOf(uploads);
        Map<Region, UploadSession> sessions = destinations.each(
                "beginning an upload",
                region -> Optional.ofNullable(begun.get(region))
                        .map(RegionUpload::session)
                        .orElseGet(() -> begin(region, layout)),
                UploadSession::close);
        uploads.forEach((region, upload) -> {
            if (!sessions.containsKey(region)) {
                upload.leaveBehind();
            }
        });
        uploads.keySet().retainAll(sessions.keySet());
        sessions.forEach((region, session) ->
                uploads.computeIfAbsent(region, at -> new RegionUpload(at, session, threads.calls(at))));
        job.record().change(record -> {
            CatalogRecord changed = record;
            for (RegionUpload upload : uploads.values()) {
                changed = Attributes.withUpload(
                        changed, upload.region(), device, upload.session().token());
            }
            return changed;
        });
    }

    private UploadSession begin(Region region, PartLayout layout) {
        return retries.call(
                "beginning an upload",
                job.cancellation(),
                () -> region.store().beginUpload(key, layout, UploadOptions.ofDefaults()));
    }

    /** The one upload of all; closed by the caller before this. */
    PartedUpload open(PartBuffers memory, PartedUpload.Terms terms) {
        List<PartedUpload.Destination> all = uploads.values().stream()
                .map(upload -> new PartedUpload.Destination(
                        upload.region().name(), upload.session(), senders(upload.region())))
                .toList();
        return new PartedUpload(all, memory, retries, job.cancellation(), terms);
    }

    private Executor senders(Region region) {
        Executor pool = threads.uploads(region);
        return task -> pool.execute(() -> job.inContext(task));
    }

    /** Leaves behind those that are not among these regions. */
    void leaveBehindAllBut(Set<String> names) {
        List.copyOf(uploads.values()).stream()
                .filter(upload -> !names.contains(upload.region().name()))
                .forEach(upload -> leaveBehind(upload, "it failed or was too slow"));
    }

    private void leaveBehind(RegionUpload upload, String why) {
        destinations.leaveBehind(upload.region(), why);
        uploads.remove(upload.region());
        upload.leaveBehind();
    }

    /** Makes the object visible in every region; those where that fails are left behind. */
    void complete(PartedUpload sent, long length) {
        Map<Region, RegionUpload> all = Map.copyOf(uploads);
        Map<Region, Region> complete = destinations.each(
                "completing an upload",
                region -> Optional.ofNullable(all.get(region)).orElseThrow().completing(() -> {
                    new ObjectCompletion(region.store(), retries, job.cancellation())
                            .complete(key, length, mode -> sent.complete(region.name(), mode));
                    return region;
                }));
        List.copyOf(uploads.values()).stream()
                .filter(upload -> !complete.containsKey(upload.region()))
                .forEach(upload -> leaveBehind(upload, "its object was not completed"));
    }

    private static void leave(UploadSession session) {
        session.detach();
        session.close();
    }

    /** Another process has taken over, or another job goes on with what has arrived: even the abort of the uploads is its business then. */
    @Override
    public void close() {
        boolean successor = job.record().isFenced() || job.isHandedBack() || job.isCopying();
        for (RegionUpload upload : uploads.values()) {
            if (successor) {
                upload.leaveToSuccessor();
            } else {
                upload.close();
            }
        }
    }
}
