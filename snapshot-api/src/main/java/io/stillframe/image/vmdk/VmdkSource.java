package io.stillframe.image.vmdk;

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

/**
 * The disk in an image. Memory: 4 MiB of tables at most, and for each thread that reads compressed grains at one time what a {@link
 * GrainReader} has.
 */
final class VmdkSource implements BlockSource {
    private static final int MOST_IDLE = 16;

    private final ByteSource image;
    private final VmdkLayout layout;
    private final TableCache tables;
    private final ReaderPool<GrainReader> readers;

    /** Owns {@code image}. */
    VmdkSource(ByteSource image, VmdkLayout layout) {
        this.image = image;
        this.layout = layout;
        this.tables = new TableCache(image);
        this.readers = new ReaderPool<>(() -> new GrainReader(image, layout), MOST_IDLE);
    }

    @Override
    public long size() {
        return layout.size();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        BoundedReads.requireInside(image, layout.size(), range);
        return JoinedExtents.ofOneKind(pieces(range));
    }

    @Override
    public Iterator<StoredExtent> storedExtents(ByteRange range) {
        BoundedReads.requireInside(image, layout.size(), range);
        return JoinedExtents.ofOneStorage(pieces(range));
    }

    private Iterator<StoredExtent> pieces(ByteRange range) {
        return new VmdkPieces(cursor(), layout, image.size(), range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        BoundedReads.requireInside(image, layout.size(), position, target.remaining());
        GrainCursor cursor = cursor();
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
        if (mapping.kind() == Mapping.Kind.DATA) {
            BoundedReads.data(image, mapping.host(), length, target);
        } else {
            Zeros.put(target, length);
        }
        return mapping.end();
    }

    private long readCompressed(Mapping first, GrainCursor cursor, long end, ByteBuffer target) {
        GrainReader reader = readers.borrow(known -> known.keeps(first.host()));
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

    private GrainCursor cursor() {
        return new GrainCursor(layout, tables, image.size(), image.describe());
    }

    @Override
    public void close() {
        try (image) {
            readers.close();
        }
    }
}
