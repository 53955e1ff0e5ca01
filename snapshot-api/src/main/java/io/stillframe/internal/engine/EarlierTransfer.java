package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Phase;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process that died in the middle of a snapshot's transfer has left in the store: disks that are stored, as the record says, and
 * an upload to go on with. The same point in time, read again by the same codec, makes the same bytes, so that its parts fit; those
 * that do not are sent again.
 */
final class EarlierTransfer {
    private static final Logger LOG = LoggerFactory.getLogger(EarlierTransfer.class);

    private final CatalogRecord record;
    private final Region region;
    private final ObjectStore store;
    private final StoredObjects objects;

    private EarlierTransfer(CatalogRecord record, Region region) {
        this.record = record;
        this.region = region;
        this.store = region.store();
        this.objects = new StoredObjects(store);
    }

    static EarlierTransfer of(CatalogRecord record, Region region) {
        return new EarlierTransfer(record, region);
    }

    /** Aborts uploads that the record does not know of, and finds objects that it does not call stored: nobody goes on with either. */
    List<ObjectKey> strays() {
        boolean begun = record.snapshot().phase() != Phase.WAITING
                || !Attributes.uploads(record, region).isEmpty();
        if (!begun) {
            return List.of();
        }
        List<UploadToken> known = Attributes.uploads(record, region);
        objects.forEachUpload(StoredLayout.prefix(record.snapshot().id()), upload -> {
            if (known.stream()
                    .noneMatch(token -> token.state().equals(upload.token().state()))) {
                objects.abort(upload.token());
            }
        });
        Set<ObjectKey> strays = new HashSet<>();
        objects.forEachObject(StoredLayout.prefix(record.snapshot().id()), object -> strays.add(object.key()));
        record.snapshot().disks().stream()
                .filter(this::isStored)
                .flatMap(disk -> disk.object().stream())
                .map(ObjectKey::of)
                .forEach(strays::remove);
        return List.copyOf(strays);
    }

    void remove(List<ObjectKey> strays) {
        store.delete(strays);
    }

    /** Whether that disk needs nothing more. */
    boolean isStored(DiskSnapshot disk) {
        return objects.has(disk);
    }

    /**
     * The upload of one disk, to go on with; the caller closes it.
     *
     * @param headLength of the image, which must fit into the upload's parts
     */
    Optional<UploadSession> goOn(String device, ObjectKey key, int headLength) {
        if (!store.capabilities().has(StoreCapability.RESUME)) {
            return Optional.empty();
        }
        return Attributes.upload(record, region, device).flatMap(token -> resume(token, key, headLength));
    }

    private Optional<UploadSession> resume(UploadToken token, ObjectKey key, int headLength) {
        if (!token.key().equals(key)
                || !token.layout().equals(PartLayout.fixed(token.layout().firstSize()))
                || token.layout().firstSize() < headLength) {
            objects.abort(token);
            return Optional.empty();
        }
        try {
            UploadSession session = store.resumeUpload(token);
            LOG.info("going on with the upload of {}", key);
            return Optional.of(session);
        } catch (SnapshotException e) {
            if (e.retryable()) {
                throw e;
            }
            LOG.info("the upload of {} begins anew: {}", key, e.getMessage());
            return Optional.empty();
        }
    }
}
