package io.stillframe.internal.engine;

import io.stillframe.internal.image.TouchedBlocks;
import io.stillframe.model.ByteRange;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.StoreCapabilities;
import java.util.List;

/**
 * How large an image's parts are and how many fit into memory. A store takes a limited number of parts, and an image's length is
 * known only at its end: the part size follows from an upper bound, which follows from the data that the disk holds and not from its
 * size.
 */
final class PartSizes {
    private static final int LARGEST = 1 << 30;
    private static final int STEP = 1 << 20;
    /** What closing tables and indexes take of a disk's virtual size, at most: formats need less than 1/1000. */
    private static final int TABLES = 512;

    private PartSizes() {}

    /** Half of one transfer's share of the memory. */
    static long share(ServiceSettings settings) {
        return settings.memory() / settings.transfersAtOnce() / 2;
    }

    /**
     * Buffers of that part size: one being filled, one held back for the head, the others on their way. Stores are not equally fast, so
     * that several need more than one does.
     *
     * @param stores that every part is sent to
     */
    static int buffers(ServiceSettings settings, int partSize, int stores) {
        long fit = share(settings) / partSize;
        return (int) Math.max(2L + stores, Math.min(fit, (long) settings.uploadsPerTransfer() * stores + 2));
    }

    /**
     * The layout of one image in all of these stores.
     *
     * @throws SnapshotException UNSUPPORTED if the image may need more than a store takes
     */
    static PartLayout layout(
            ServiceSettings settings,
            List<StoreCapabilities> stores,
            ImageCodec codec,
            ImageWriter writer,
            BlockSource source) {
        long bound = bound(codec, writer, source);
        stores.forEach(store -> requireRoom(store, codec, source));
        long size = Math.max(settings.partSize(), roundedUp(writer.headLength()));
        for (StoreCapabilities store : stores) {
            size = Math.max(size, store.smallestPart());
            size = Math.max(size, roundedUp(Math.min(bound, store.largestObject()) / store.mostParts() + 1));
        }
        for (StoreCapabilities store : stores) {
            size = Math.min(size, Math.max(store.largestPart(), store.smallestPart()));
        }
        if (size > LARGEST) {
            throw SnapshotException.unsupported("an image of up to " + bound + " bytes needs parts of " + size
                    + " bytes; at most " + LARGEST + " are possible");
        }
        return PartLayout.fixed((int) size);
    }

    /** Only what is stored as it is has a known size; whether the rest fits is seen at its end. */
    private static void requireRoom(StoreCapabilities store, ImageCodec codec, BlockSource source) {
        if (codec.traits().contains(CodecTrait.STORES_ZEROS) && source.size() > store.largestObject()) {
            throw SnapshotException.unsupported("a disk of " + source.size() + " bytes as " + codec.name()
                    + " is larger than the largest object of the store, " + store.largestObject()
                    + " bytes; use a format that leaves out zeros");
        }
    }

    private static long bound(ImageCodec codec, ImageWriter writer, BlockSource source) {
        int chunk = writer.chunkSize();
        long chunks = codec.traits().contains(CodecTrait.STORES_ZEROS)
                ? source.size() / chunk + 1
                : TouchedBlocks.count(source.extents(new ByteRange(0, source.size())), chunk);
        return saturatedAdd(
                writer.headLength() + source.size() / TABLES + STEP,
                saturatedMultiply(chunks, writer.maxEncodedSize()));
    }

    private static long roundedUp(long bytes) {
        return (bytes + STEP - 1) / STEP * STEP;
    }

    private static long saturatedAdd(long a, long b) {
        return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
    }

    private static long saturatedMultiply(long a, long b) {
        return b != 0 && a > Long.MAX_VALUE / b ? Long.MAX_VALUE : a * b;
    }
}
