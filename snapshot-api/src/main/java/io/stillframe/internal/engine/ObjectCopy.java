package io.stillframe.internal.engine;

import io.stillframe.image.Crc32c;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Copies one disk's object from one region's store to another's, byte for byte, and checks it against the snapshot's checksum on the way.
 * What has arrived before an interruption is not sent again. Its memory is four parts and a block. For one thread, once.
 */
final class ObjectCopy {
    private static final int BUFFERS = 4;
    private static final int BLOCK = 1 << 20;

    private final Installation installation;
    private final Retries retries;
    private final Threads threads;
    private final Job job;
    private final CopyWatch watch;
    private final DiskSnapshot disk;
    private final ObjectKey key;

    ObjectCopy(
            Installation installation, Retries retries, Threads threads, Job job, CopyWatch watch, DiskSnapshot disk) {
        this.installation = installation;
        this.retries = retries;
        this.threads = threads;
        this.job = job;
        this.watch = watch;
        this.disk = disk;
        this.key = ObjectKey.of(disk.object()
                .orElseThrow(() -> SnapshotException.corrupt("disk " + disk.device() + " names no stored object")));
    }

    /** CORRUPT if the source's bytes are not those that were stored. */
    void run(Region source, Region target) {
        if (retries.call(
                "looking for " + key, watch.cancellation(), () -> new StoredObjects(target.store()).has(disk))) {
            watch.objectDone(disk.bytesStored());
            return;
        }
        try (ByteSource bytes = retries.call(
                "opening " + key, watch.cancellation(), () -> source.store().open(key))) {
            if (bytes.size() != disk.bytesStored()) {
                throw damaged(source, "has " + bytes.size() + " bytes instead of " + disk.bytesStored());
            }
            copy(bytes, source, target);
        }
    }

    private void copy(ByteSource bytes, Region source, Region target) {
        Optional<UploadSession> begun = retries.call(
                "going on with a copy",
                watch.cancellation(),
                () -> EarlierTransfer.of(job.record().record(), target).goOn(disk.device(), key, 0));
        PartLayout layout = begun.map(session -> session.token().layout())
                .orElseGet(() -> PartLayout.fixed(partSize(target.store().capabilities())));
        job.record().assureLease();
        boolean broken = false;
        UploadSession session = begun.orElseGet(() -> retries.call(
                "beginning a copy",
                watch.cancellation(),
                () -> target.store().beginUpload(key, layout, UploadOptions.ofDefaults())));
        try {
            job.record().change(r -> Attributes.withUpload(r, target, disk.device(), session.token()));
            send(bytes, source, target, session, layout.firstSize());
        } catch (SnapshotException e) {
            broken = e.kind() == Kind.CORRUPT;
            throw e;
        } finally {
            // What has arrived is gone on with, unless it is not worth it.
            if (!broken && target.store().capabilities().has(StoreCapability.RESUME)) {
                session.detach();
            }
            session.close();
        }
    }

    private void send(ByteSource bytes, Region source, Region target, UploadSession session, int partSize) {
        PartedUpload.Destination to = new PartedUpload.Destination(
                target.name(), session, task -> threads.uploads(target).execute(() -> job.inContext(task)));
        PartedUpload.Terms terms = PartedUpload.Terms.of(installation.settings().uploadsPerTransfer(), Duration.ZERO);
        try (PartBuffers memory = new PartBuffers(partSize, BUFFERS);
                PartedUpload upload = new PartedUpload(List.of(to), memory, retries, watch.cancellation(), terms)) {
            watch.sendsBy(upload);
            upload.begin(0);
            requireSame(checksum(bytes, upload), source);
            upload.head(ByteBuffer.allocate(0));
            upload.awaitSent();
            job.record().assureLease();
            new ObjectCompletion(target.store(), retries, watch.cancellation())
                    .complete(key, disk.bytesStored(), mode -> upload.complete(target.name(), mode));
            watch.objectDone(disk.bytesStored());
        }
    }

    private Digest checksum(ByteSource bytes, PartedUpload upload) {
        Crc32c checksum = new Crc32c();
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (long at = 0; at < bytes.size(); at += block.limit()) {
            watch.cancellation().check();
            long position = at;
            block.clear().limit((int) Math.min(BLOCK, bytes.size() - at));
            retries.run("reading " + key, watch.cancellation(), () -> bytes.read(position, block.position(0)));
            watch.read(block.limit());
            checksum.update(block.flip());
            upload.body(block.rewind());
        }
        return Crc32c.digest(checksum.value());
    }

    private void requireSame(Digest found, Region source) {
        if (disk.stored().filter(digest -> !digest.equals(found)).isPresent()) {
            throw damaged(
                    source,
                    "has the checksum " + found + " instead of " + disk.stored().get());
        }
    }

    private SnapshotException damaged(Region source, String what) {
        return SnapshotException.corrupt("object " + key + " in region " + source.name() + " " + what);
    }

    /** The service's, or what the target needs for an object of this length. */
    private int partSize(StoreCapabilities target) {
        long least = Math.max(target.smallestPart(), disk.bytesStored() / target.mostParts() + 1);
        long size = Math.max(installation.settings().partSize(), least);
        return (int) Math.min(Integer.MAX_VALUE / 2, Math.min(size, Math.max(target.largestPart(), least)));
    }
}
