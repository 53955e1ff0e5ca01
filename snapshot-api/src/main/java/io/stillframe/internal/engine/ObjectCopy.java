package io.stillframe.internal.engine;

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
 * Copies one object from one region's store to another's, byte for byte, and checks it against its checksum on the way.
 * What has arrived before an interruption is not sent again. Its memory is four parts and a block. For one thread, once.
 */
final class ObjectCopy {
    private static final int BUFFERS = 4;

    private final Installation installation;
    private final Retries retries;
    private final Threads threads;
    private final Job job;
    private final CopyWatch watch;
    private final StoredObject object;
    private final ObjectReading reading;
    private final ObjectKey key;

    ObjectCopy(
            Installation installation,
            Retries retries,
            Threads threads,
            Job job,
            CopyWatch watch,
            StoredObject object) {
        this.installation = installation;
        this.retries = retries;
        this.threads = threads;
        this.job = job;
        this.watch = watch;
        this.object = object;
        this.reading = new ObjectReading(retries, watch.cancellation(), object);
        this.key = object.target();
    }

    /** CORRUPT if the source's bytes are not those that were stored. */
    void run(Region source, Region target) {
        Optional<ObjectKey> there =
                retries.call("looking for " + object.key(), watch.cancellation(), () -> there(target));
        if (there.isPresent()) {
            watch.objectDone(object.bytes());
            return;
        }
        try (ByteSource bytes = reading.open(source)) {
            copy(bytes, source, target);
        }
    }

    /** What another snapshot has is good enough if it stays. */
    private Optional<ObjectKey> there(Region target) {
        boolean stays = object.own().isEmpty()
                || (new Loans(installation).lends(object.key(), target)
                        && !(Attributes.isSuspect(job.record().record(), target) && isDamaged(target)));
        return stays ? object.in(target.store()) : object.ownIn(target.store());
    }

    private boolean isDamaged(Region target) {
        return !new ObjectReading(retries, watch.cancellation(), object.ofItsOwner()).isWhole(target);
    }

    private void copy(ByteSource bytes, Region source, Region target) {
        Optional<UploadSession> begun = retries.call(
                "going on with a copy",
                watch.cancellation(),
                () -> EarlierTransfer.of(job.record().record(), target).goOn(object.upload(), key, 0));
        PartLayout layout = begun.map(session -> session.token().layout())
                .orElseGet(() -> PartLayout.fixed(partSize(target.store().capabilities())));
        job.record().assureLease();
        boolean broken = false;
        UploadSession session = begun.orElseGet(() -> retries.call(
                "beginning a copy",
                watch.cancellation(),
                () -> target.store().beginUpload(key, layout, UploadOptions.ofDefaults())));
        try {
            job.record().change(r -> Attributes.withUpload(r, target, object.upload(), session.token()));
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
            reading.read(bytes, source, block -> {
                watch.read(block.remaining());
                upload.body(block);
            });
            upload.head(ByteBuffer.allocate(0));
            upload.awaitSent();
            job.record().assureLease();
            new ObjectCompletion(target.store(), retries, watch.cancellation())
                    .complete(key, object.bytes(), mode -> upload.complete(target.name(), mode));
            watch.objectDone(object.bytes());
        }
    }

    /** The service's, or what the target needs for an object of this length. */
    private int partSize(StoreCapabilities target) {
        long least = Math.max(target.smallestPart(), object.bytes() / target.mostParts() + 1);
        long size = Math.max(installation.settings().partSize(), least);
        return (int) Math.min(Integer.MAX_VALUE / 2, Math.min(size, Math.max(target.largestPart(), least)));
    }
}
