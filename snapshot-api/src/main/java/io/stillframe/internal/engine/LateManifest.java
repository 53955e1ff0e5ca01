package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Tells a manifest that was published after its snapshot had been removed. A process that stands still just before it publishes does not
 * see that it lost its lease until it has: the disks, which are always stored before, are gone by then.
 */
final class LateManifest {
    private final ObjectStore store;

    LateManifest(ObjectStore store) {
        this.store = store;
    }

    /**
     * Whether the snapshot's manifest is all that the store has of it, by what the manifest itself says.
     *
     * @return false also for one that cannot be read now or by this release
     */
    boolean isAllOf(SnapshotId id) {
        try {
            return store.stat(StoredLayout.manifest(id))
                    .flatMap(this::read)
                    .filter(manifest -> manifest.snapshot().id().equals(id))
                    .filter(manifest -> manifest.snapshot().disks().stream().allMatch(this::isGone))
                    .isPresent();
        } catch (SnapshotException e) {
            return false;
        }
    }

    private Optional<Manifest> read(ObjectStat stat) {
        if (stat.size() > Manifest.LARGEST) {
            return Optional.empty();
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) stat.size());
        try (ByteSource source = store.open(stat.key())) {
            source.read(0, bytes);
        }
        return Optional.of(Manifest.parse(bytes.array(), stat.key().value()));
    }

    /** A disk without an object of its own may be found elsewhere. */
    private boolean isGone(DiskSnapshot disk) {
        return disk.object()
                .filter(key -> store.stat(ObjectKey.of(key)).isEmpty())
                .isPresent();
    }
}
