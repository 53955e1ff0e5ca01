package io.stillframe.image.pack;

import io.stillframe.image.ContentDigest;
import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamTarget;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Writes the next generation of a disk: only chunks that differ from the base are stored, the index points into older packs for the
 * others. Chunk size and digest are the base's. The disk may have another size than the base's.
 *
 * <p>Threads, memory, failure and cancellation are as in {@link ImageStream#run}; to that come the base's pages in use, see {@link
 * IndexedDisk}.
 */
public final class IncrementalPack {
    private final IndexedDisk base;
    private final PackOptions options;

    /**
     * A pack that is written.
     *
     * @param result as {@link ImageStream#run} gives it
     * @param older the packs that its index points into: the base's own, those that the base points into, or fewer
     */
    public record Written(StreamResult result, List<PackReference> older) {
        public Written {
            older = List.copyOf(older);
        }
    }

    private IncrementalPack(IndexedDisk base, PackOptions options) {
        this.base = base;
        this.options = options;
    }

    /**
     * On that base.
     *
     * @param base of a pack or a manifest, whose file stays open
     * @param level Zstandard's compression level, -7 to 22
     */
    public static IncrementalPack on(IndexedDisk base, int level) {
        PackOptions options = PackOptions.ofDefaults()
                .withChunkSize(base.chunkSize())
                .withDigest(base.digest())
                .withLevel(level);
        return new IncrementalPack(base, options);
    }

    /**
     * Finds what changed by reading the whole disk and comparing digests.
     *
     * @throws SnapshotException INVALID if the base has no digests; else as {@link ImageStream#run}
     */
    public Written byContent(
            BlockSource source,
            StreamTarget target,
            StreamSettings settings,
            Cancellation cancellation,
            StreamListener listener) {
        if (base.digest() == ChunkDigest.NONE) {
            throw SnapshotException.invalid(
                    "the base has no digests to compare content with; write it with one, or tell what is dirty");
        }
        PackBase known = new PackBase(base, new BitSet());
        try (PackWriter writer = new PackWriter(source.size(), options, Optional.of(known))) {
            StreamResult result = ImageStream.run(source, writer, target, settings, cancellation, listener);
            return new Written(result, writer.older());
        }
    }

    /**
     * Reads only what is said to have changed since the base; all other chunks are taken over from it unseen.
     *
     * @param dirty every range that was written since the point in time of the base, in any order, possibly overlapping or beyond the
     *     disk's end; takes one bit of memory for each chunk of the disk
     * @return its content digest comes from the index and is empty if the base's chunks are not of 1 MiB
     *     with SHA-256
     * @throws SnapshotException as {@link ImageStream#run}
     */
    public Written byDirtyRanges(
            BlockSource source,
            Iterator<ByteRange> dirty,
            StreamTarget target,
            StreamSettings settings,
            Cancellation cancellation,
            StreamListener listener) {
        options.requireCountable(source.size());
        PackBase known = new PackBase(base, clean(source.size(), dirty));
        boolean shared = options.digest() == ChunkDigest.SHA_256 && options.chunkSize() == ContentDigest.CHUNK;
        StreamSettings ours = settings.withDigest(StreamSettings.ContentDigesting.OFF);
        try (PackWriter writer = new PackWriter(source.size(), options, Optional.of(known));
                CleanHidden hidden = new CleanHidden(source, known.clean(), options.chunkSize())) {
            StreamResult result = ImageStream.run(hidden, writer, target, ours, cancellation, listener);
            boolean wanted = shared && settings.digest() == StreamSettings.ContentDigesting.ON;
            StreamResult told = new StreamResult(
                    result.bytesRead(),
                    result.bytesStored(),
                    wanted ? writer.content() : Optional.empty(),
                    result.stored());
            return new Written(told, writer.older());
        }
    }

    /** Chunks of the new disk that the base has in the same length and that no dirty range touches. */
    private BitSet clean(long size, Iterator<ByteRange> dirty) {
        int chunk = base.chunkSize();
        BitSet clean = new BitSet();
        long common = Math.min(size, base.size());
        clean.set(0, (int) (size == base.size() ? PackFormat.chunks(size, chunk) : common / chunk));
        while (dirty.hasNext()) {
            ByteRange range = dirty.next();
            int from = (int) (Math.min(range.start(), size) / chunk);
            int to = (int) PackFormat.chunks(Math.min(range.end(), size), chunk);
            if (!range.isEmpty() && from < to) {
                clean.clear(from, to);
            }
        }
        return clean;
    }
}
