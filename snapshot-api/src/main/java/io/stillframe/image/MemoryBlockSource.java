package io.stillframe.image;

import io.stillframe.internal.image.Zeros;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NavigableMap;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A sparse disk in memory: what was put into it is data or known zeros, the rest is holes. Immutable, safe for use by several threads. */
public final class MemoryBlockSource implements BlockSource {
    private final long size;
    private final NavigableMap<Long, Segment> segments;

    private MemoryBlockSource(long size, NavigableMap<Long, Segment> segments) {
        this.size = size;
        this.segments = segments;
    }

    /** Starts a disk of {@code size} bytes, at least 0, all of it a hole. */
    public static Builder builder(long size) {
        return new Builder(size);
    }

    /** Puts a disk together. For one thread at a time. */
    public static final class Builder {
        private final long size;
        private final NavigableMap<Long, Segment> segments = new TreeMap<>();

        private Builder(long size) {
            if (size < 0) {
                throw SnapshotException.invalid("a disk's size must be at least 0 bytes, got " + size);
            }
            this.size = size;
        }

        /**
         * Puts data onto the disk.
         *
         * @param bytes copied; where they overlap nothing that was put before
         */
        public Builder data(long position, byte[] bytes) {
            return put(new Segment(
                    ByteRange.ofLength(position, bytes.length), Optional.of(ByteBuffer.wrap(bytes.clone()))));
        }

        /** Marks a range as known zeros; it overlaps nothing that was put before. */
        public Builder zeros(ByteRange range) {
            return put(new Segment(range, Optional.empty()));
        }

        private Builder put(Segment segment) {
            ByteRange range = segment.range;
            if (range.end() > size) {
                throw SnapshotException.invalid("range " + range + " exceeds the disk's " + size + " bytes");
            }
            var before = segments.lowerEntry(range.end());
            if (before != null && before.getValue().range.end() > range.start()) {
                throw SnapshotException.invalid("range " + range + " overlaps " + before.getValue().range);
            }
            if (!range.isEmpty()) {
                segments.put(range.start(), segment);
            }
            return this;
        }

        /** The disk; the builder can go on and build others. */
        public MemoryBlockSource build() {
            return new MemoryBlockSource(size, new TreeMap<>(segments));
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        requireInside(range);
        return new Walk(range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        ByteRange range = ByteRange.ofLength(position, target.remaining());
        requireInside(range);
        for (Walk walk = new Walk(range); walk.hasNext(); ) {
            walk.readNext(target);
        }
    }

    private void requireInside(ByteRange range) {
        if (range.end() > size) {
            throw SnapshotException.invalid("range " + range + " exceeds the disk's " + size + " bytes");
        }
    }

    @Override
    public void close() {}

    /** Bytes somewhere on the disk; none for known zeros. */
    private record Segment(ByteRange range, Optional<ByteBuffer> bytes) {
        Extent.Kind kind() {
            return bytes.isPresent() ? Extent.Kind.DATA : Extent.Kind.ZERO;
        }
    }

    private final class Walk implements Iterator<Extent> {
        private final long end;
        private long at;

        Walk(ByteRange range) {
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
            Segment here = segmentHere();
            return new Extent(advance(here), here == null ? Extent.Kind.HOLE : here.kind());
        }

        void readNext(ByteBuffer target) {
            Segment here = segmentHere();
            ByteRange range = advance(here);
            int length = (int) range.length();
            if (here != null && here.bytes.isPresent()) {
                int from = (int) (range.start() - here.range.start());
                target.put(here.bytes.get().slice(from, length));
            } else {
                Zeros.put(target, length);
            }
        }

        private @Nullable Segment segmentHere() {
            var entry = segments.floorEntry(at);
            return entry != null && entry.getValue().range.end() > at ? entry.getValue() : null;
        }

        private ByteRange advance(@Nullable Segment here) {
            long start = at;
            at = Math.min(end, here == null ? holeEnd() : here.range.end());
            return new ByteRange(start, at);
        }

        private long holeEnd() {
            Long next = segments.higherKey(at);
            return next == null ? size : next;
        }
    }
}
