package io.stillframe.image.qcow2;

import io.stillframe.internal.image.BoundedReads;
import io.stillframe.internal.image.JoinedExtents;
import io.stillframe.internal.image.ReaderPool;
import io.stillframe.internal.image.Zeros;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.StoredExtent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Optional;

/**
 * The active layer of an image over its backing layer. Memory: 8 MiB of tables at most, and for each thread that reads compressed
 * clusters at one time what a {@link CompressedReader} has.
 */
final class Qcow2Source implements BlockSource {
    private static final int MOST_IDLE = 16;

    private final ByteSource image;
    private final Qcow2Header header;
    private final Optional<BlockSource> backing;
    private final TableCache tables;
    private final ReaderPool<CompressedReader> readers;

    /** Owns {@code image} and {@code backing}. */
    Qcow2Source(ByteSource image, Qcow2Header header, Optional<BlockSource> backing) {
        this.image = image;
        this.header = header;
        this.backing = backing;
        this.tables = new TableCache(image);
        this.readers = new ReaderPool<>(() -> new CompressedReader(image, header), MOST_IDLE);
    }

    @Override
    public long size() {
        return header.size();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        BoundedReads.requireInside(image, header.size(), range);
        return JoinedExtents.ofOneKind(pieces(range));
    }

    @Override
    public Iterator<StoredExtent> storedExtents(ByteRange range) {
        BoundedReads.requireInside(image, header.size(), range);
        return JoinedExtents.ofOneStorage(pieces(range));
    }

    private Iterator<StoredExtent> pieces(ByteRange range) {
        return new Qcow2Pieces(cursor(), backing, header.geometry().clustersOf(image.size()), header, range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        BoundedReads.requireInside(image, header.size(), position, target.remaining());
        ClusterCursor cursor = cursor();
        long end = position + target.remaining();
        long at = position;
        while (at < end) {
            Mapping mapping = cursor.at(at, end);
            at = mapping.kind() == Mapping.Kind.COMPRESSED
                    ? readCompressed(mapping, cursor, end, target)
                    : readPlain(mapping, target);
        }
    }

    private long readPlain(Mapping mapping, ByteBuffer target) {
        int length = (int) mapping.length();
        switch (mapping.kind()) {
            case DATA -> BoundedReads.data(image, mapping.host(), length, target);
            case UNALLOCATED -> readBacking(mapping.start(), length, target);
            default -> Zeros.put(target, length);
        }
        return mapping.end();
    }

    /** The backing layer may be shorter; behind its end the disk is zero. */
    private void readBacking(long position, int length, ByteBuffer target) {
        long there = backing.map(BlockSource::size).orElse(0L) - position;
        int some = (int) Math.max(0, Math.min(there, length));
        if (some > 0) {
            int limit = target.limit();
            backing.orElseThrow().read(position, target.limit(target.position() + some));
            target.limit(limit);
        }
        Zeros.put(target, length - some);
    }

    private long readCompressed(Mapping first, ClusterCursor cursor, long end, ByteBuffer target) {
        CompressedReader reader = readers.borrow(known -> known.keeps(first.host()));
        try {
            reader.start(first);
            long at = first.end();
            while (at < end) {
                Mapping next = cursor.at(at, end);
                if (!reader.follows(next)) {
                    break;
                }
                at = next.end();
            }
            reader.decode(target);
            return at;
        } finally {
            readers.giveBack(reader);
        }
    }

    private ClusterCursor cursor() {
        return new ClusterCursor(header, tables, image.size(), image.describe());
    }

    @Override
    public void close() {
        try (image) {
            readers.close();
            backing.ifPresent(BlockSource::close);
        }
    }
}
