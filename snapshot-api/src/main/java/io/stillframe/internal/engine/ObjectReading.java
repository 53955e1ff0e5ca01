package io.stillframe.internal.engine;

import io.stillframe.image.Crc32c;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Reads a disk's stored object once, front to back, and tells whether it is what was stored. Its memory is one block. */
final class ObjectReading {
    private static final int BLOCK = 1 << 20;

    private final Retries retries;
    private final Cancellation cancellation;
    private final DiskSnapshot disk;
    private final ObjectKey key;

    ObjectReading(Retries retries, Cancellation cancellation, DiskSnapshot disk) {
        this.retries = retries;
        this.cancellation = cancellation;
        this.disk = disk;
        this.key = ObjectKey.of(disk.object()
                .orElseThrow(() -> SnapshotException.corrupt("disk " + disk.device() + " names no stored object")));
    }

    ObjectKey key() {
        return key;
    }

    /**
     * Opens a region's object; closed by the caller.
     *
     * @throws SnapshotException NOT_FOUND; CORRUPT if it is of another length
     */
    ByteSource open(Region region) {
        ByteSource bytes = retries.call(
                "opening " + key, cancellation, () -> region.store().open(key));
        if (bytes.size() != disk.bytesStored()) {
            bytes.close();
            throw damaged(region, "has " + bytes.size() + " bytes instead of " + disk.bytesStored());
        }
        return bytes;
    }

    /**
     * Reads all of an open object.
     *
     * @param each gets the blocks in their order, each to be used before it returns
     * @throws SnapshotException CORRUPT if these are not the bytes that were stored
     */
    void read(ByteSource bytes, Region region, Consumer<ByteBuffer> each) {
        Crc32c checksum = new Crc32c();
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (long at = 0; at < bytes.size(); at += block.limit()) {
            cancellation.check();
            long position = at;
            block.clear().limit((int) Math.min(BLOCK, bytes.size() - at));
            retries.run("reading " + key, cancellation, () -> bytes.read(position, block.position(0)));
            checksum.update(block.flip());
            each.accept(block.rewind());
        }
        Digest found = Crc32c.digest(checksum.value());
        if (disk.stored().filter(digest -> !digest.equals(found)).isPresent()) {
            throw damaged(
                    region,
                    "has the checksum " + found + " instead of " + disk.stored().get());
        }
    }

    private SnapshotException damaged(Region region, String what) {
        return SnapshotException.corrupt("object " + key + " in region " + region.name() + " " + what);
    }
}
