package io.stillframe.internal.image;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.StoredExtent;
import io.stillframe.spi.StoredExtent.Storage;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Supplier;

/** The disk in an image whose tables map it to uncompressed bytes of the file. */
public final class MappedSource implements BlockSource {
    private final ByteSource image;
    private final long size;
    private final Supplier<BlockMap> maps;

    /**
     * @param image owned
     * @param size of the disk
     * @param maps gives a map for each thread
     */
    public MappedSource(ByteSource image, long size, Supplier<BlockMap> maps) {
        this.image = image;
        this.size = size;
        this.maps = maps;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        BoundedReads.requireInside(image, size, range);
        return JoinedExtents.ofOneKind(new MappedPieces(maps.get(), range));
    }

    @Override
    public Iterator<StoredExtent> storedExtents(ByteRange range) {
        BoundedReads.requireInside(image, size, range);
        return JoinedExtents.ofOneStorage(new MappedPieces(maps.get(), range));
    }

    @Override
    public void read(long position, ByteBuffer target) {
        BoundedReads.requireInside(image, size, position, target.remaining());
        BlockMap map = maps.get();
        long end = position + target.remaining();
        for (long at = position; at < end; ) {
            MappedRun run = map.at(at, end);
            if (run.kind() == Extent.Kind.DATA) {
                BoundedReads.data(image, run.host(), (int) run.length(), target);
            } else {
                Zeros.put(target, (int) run.length());
            }
            at = run.end();
        }
    }

    @Override
    public void close() {
        image.close();
    }

    /**
     * The map's runs. The time is bounded by the file's size even for crafted tables: an image whose tables map more data
     * than the file has is refused.
     */
    private final class MappedPieces implements Iterator<StoredExtent> {
        private final BlockMap map;
        private final long end;
        private long at;
        private long dataBytes;

        MappedPieces(BlockMap map, ByteRange range) {
            this.map = map;
            this.at = range.start();
            this.end = range.end();
        }

        @Override
        public boolean hasNext() {
            return at < end;
        }

        @Override
        public StoredExtent next() {
            if (at >= end) {
                throw new NoSuchElementException("the range has no more extents");
            }
            MappedRun run = map.at(at, end);
            if (run.kind() == Extent.Kind.DATA) {
                dataBytes += run.length();
            }
            if (dataBytes > image.size()) {
                throw SnapshotException.corrupt(image.describe() + " maps more data than its " + image.size()
                        + " bytes can hold: several table entries share one block");
            }
            at = run.end();
            return new StoredExtent(new Extent(new ByteRange(run.start(), run.end()), run.kind()), storage(run));
        }

        private static Storage storage(MappedRun run) {
            return switch (run.kind()) {
                case DATA -> ActiveLayer.plain(run.host());
                case ZERO -> ActiveLayer.MARKED;
                case HOLE -> ActiveLayer.UNTOLD;
            };
        }
    }
}
