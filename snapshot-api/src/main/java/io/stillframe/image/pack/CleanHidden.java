package io.stillframe.image.pack;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** A disk whose clean chunks look like holes, so that a stream never reads them. Does not close the disk. */
final class CleanHidden implements BlockSource {
    private final BlockSource source;
    private final BitSet clean;
    private final int chunkSize;

    CleanHidden(BlockSource source, BitSet clean, int chunkSize) {
        this.source = source;
        this.clean = clean;
        this.chunkSize = chunkSize;
    }

    @Override
    public long size() {
        return source.size();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        return new Hiding(range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        source.read(position, target);
    }

    @Override
    public void close() {
        // The source's owner closes it.
    }

    private final class Hiding implements Iterator<Extent> {
        private final long end;
        private long at;
        private Iterator<Extent> dirty = Collections.emptyIterator();

        Hiding(ByteRange range) {
            this.at = range.start();
            this.end = range.end();
        }

        @Override
        public boolean hasNext() {
            return at < end;
        }

        @Override
        public Extent next() {
            if (!hasNext()) {
                throw new NoSuchElementException("the range ends at " + end);
            }
            if (!dirty.hasNext()) {
                int chunk = (int) (at / chunkSize);
                if (clean.get(chunk)) {
                    return advance(new Extent(new ByteRange(at, startOf(clean.nextClearBit(chunk))), Extent.Kind.HOLE));
                }
                int next = clean.nextSetBit(chunk);
                dirty = source.extents(new ByteRange(at, next < 0 ? end : startOf(next)));
            }
            return advance(dirty.next());
        }

        private long startOf(int chunk) {
            return Math.min(end, (long) chunk * chunkSize);
        }

        private Extent advance(Extent extent) {
            at = extent.range().end();
            return extent;
        }
    }
}
