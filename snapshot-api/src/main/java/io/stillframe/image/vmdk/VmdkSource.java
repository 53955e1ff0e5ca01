package io.stillframe.image.vmdk;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;

/**
 * The disk in an image. Memory: 4 MiB of tables at most, and for each thread that reads compressed grains at one time what a {@link
 * GrainReader} has.
 */
final class VmdkSource implements BlockSource {
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 * 1024).asReadOnlyBuffer();

    private final ByteSource image;
    private final VmdkLayout layout;
    private final TableCache tables;
    private final GrainReaders readers;

    /** Owns {@code image}. */
    VmdkSource(ByteSource image, VmdkLayout layout) {
        this.image = image;
        this.layout = layout;
        this.tables = new TableCache(image);
        this.readers = new GrainReaders(image, layout);
    }

    @Override
    public long size() {
        return layout.size();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        requireWithin(range.start(), range.length());
        return new VmdkExtents(cursor(), layout, image.size(), range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        requireWithin(position, target.remaining());
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
            readData(mapping.host(), length, target);
        } else {
            fillZeros(length, target);
        }
        return mapping.end();
    }

    private void readData(long host, int length, ByteBuffer target) {
        if (host > image.size() - length) {
            throw SnapshotException.corrupt(image.describe() + " is truncated: " + length + " bytes of data at " + host
                    + " exceed its " + image.size() + " bytes");
        }
        int limit = target.limit();
        image.read(host, target.limit(target.position() + length));
        target.limit(limit);
    }

    private static void fillZeros(int length, ByteBuffer target) {
        ByteBuffer zeros = ZEROS.duplicate();
        for (int left = length; left > 0; left -= zeros.limit()) {
            target.put(zeros.position(0).limit(Math.min(left, zeros.capacity())));
        }
    }

    private long readCompressed(Mapping first, GrainCursor cursor, long end, ByteBuffer target) {
        GrainReader reader = readers.borrow(first.host());
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

    private void requireWithin(long position, long length) {
        if (position < 0 || position > layout.size() - length) {
            throw SnapshotException.invalid("a range of " + length + " bytes at " + position + " exceeds the disk of "
                    + layout.size() + " bytes in " + image.describe());
        }
    }

    @Override
    public void close() {
        try (image) {
            readers.close();
        }
    }
}
