package io.stillframe.image.qcow2;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Optional;

/**
 * The active layer of an image over its backing layer. Memory: 8 MiB of tables at most, and for each thread that reads compressed
 * clusters at one time what a {@link CompressedReader} has.
 */
final class Qcow2Source implements BlockSource {
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 * 1024).asReadOnlyBuffer();

    private final ByteSource image;
    private final Qcow2Header header;
    private final Optional<BlockSource> backing;
    private final TableCache tables;
    private final CompressedReaders readers;

    /** Owns {@code image} and {@code backing}. */
    Qcow2Source(ByteSource image, Qcow2Header header, Optional<BlockSource> backing) {
        this.image = image;
        this.header = header;
        this.backing = backing;
        this.tables = new TableCache(image);
        this.readers = new CompressedReaders(image, header);
    }

    @Override
    public long size() {
        return header.size();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        requireWithin(range.start(), range.length());
        return new Qcow2Extents(cursor(), backing, header.geometry().clustersOf(image.size()), header, range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        requireWithin(position, target.remaining());
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
            case DATA -> readData(mapping.host(), length, target);
            case UNALLOCATED -> readBacking(mapping.start(), length, target);
            default -> fillZeros(length, target);
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

    /** The backing layer may be shorter; behind its end the disk is zero. */
    private void readBacking(long position, int length, ByteBuffer target) {
        long there = backing.map(BlockSource::size).orElse(0L) - position;
        int some = (int) Math.max(0, Math.min(there, length));
        if (some > 0) {
            int limit = target.limit();
            backing.orElseThrow().read(position, target.limit(target.position() + some));
            target.limit(limit);
        }
        fillZeros(length - some, target);
    }

    private static void fillZeros(int length, ByteBuffer target) {
        ByteBuffer zeros = ZEROS.duplicate();
        for (int left = length; left > 0; left -= zeros.limit()) {
            target.put(zeros.position(0).limit(Math.min(left, zeros.capacity())));
        }
    }

    private long readCompressed(Mapping first, ClusterCursor cursor, long end, ByteBuffer target) {
        CompressedReader reader = readers.borrow(first.host());
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

    private void requireWithin(long position, long length) {
        if (position < 0 || position > header.size() - length) {
            throw SnapshotException.invalid("a range of " + length + " bytes at " + position + " exceeds the disk of "
                    + header.size() + " bytes in " + image.describe());
        }
    }

    @Override
    public void close() {
        try (image) {
            readers.close();
            backing.ifPresent(BlockSource::close);
        }
    }
}
