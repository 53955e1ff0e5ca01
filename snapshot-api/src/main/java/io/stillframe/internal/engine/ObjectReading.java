package io.stillframe.internal.engine;

import io.stillframe.image.Crc32c;
import io.stillframe.model.Digest;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Reads a stored object once, front to back, and tells whether it is what was stored. Its memory is one block. */
final class ObjectReading {
    private static final int BLOCK = 1 << 20;

    private final Retries retries;
    private final Cancellation cancellation;
    private final StoredObject object;

    ObjectReading(Retries retries, Cancellation cancellation, StoredObject object) {
        this.retries = retries;
        this.cancellation = cancellation;
        this.object = object;
    }

    /**
     * Opens a region's object; closed by the caller.
     *
     * @throws SnapshotException NOT_FOUND; CORRUPT if it is of another length
     */
    ByteSource open(Region region) {
        ByteSource bytes = retries.call(
                "opening " + object.key(), cancellation, () -> region.store().open(place(region)));
        if (bytes.size() != object.bytes()) {
            bytes.close();
            throw damaged(region, "has " + bytes.size() + " bytes instead of " + object.bytes());
        }
        return bytes;
    }

    /** Whether a region has it as it was stored; reads all of it. */
    boolean isWhole(Region region) {
        try (ByteSource bytes = open(region)) {
            read(bytes, region, block -> {});
            return true;
        } catch (SnapshotException e) {
            if (e.kind() != Kind.CORRUPT && e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
            return false;
        }
    }

    private ObjectKey place(Region region) {
        return object.own().isEmpty() ? object.key() : object.require(region.store());
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
            retries.run("reading " + object.key(), cancellation, () -> bytes.read(position, block.position(0)));
            checksum.update(block.flip());
            each.accept(block.rewind());
        }
        Digest found = Crc32c.digest(checksum.value());
        if (object.stored().filter(digest -> !digest.equals(found)).isPresent()) {
            throw damaged(
                    region,
                    "has the checksum " + found + " instead of "
                            + object.stored().get());
        }
    }

    private SnapshotException damaged(Region region, String what) {
        return SnapshotException.corrupt("object " + object.key() + " in region " + region.name() + " " + what);
    }
}
