package io.stillframe.image.vmdk;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;

/**
 * Writes a stream-optimized image front to back ("Stream-Optimized Compressed Sparse Extents"): header and descriptor, grains in disk
 * order, each grain table behind its grains, then the directory, the footer that says where it is, and the end-of-stream marker.
 */
final class VmdkWriter implements ImageWriter {
    /** As in all images with compressed grains. */
    private static final int VERSION = 3;

    /** The first grain lies at a multiple of a grain. */
    private static final long OVERHEAD = WriterOptions.GRAIN / Sectors.SIZE;

    private static final int DESCRIPTOR_SECTOR = 1;
    private static final int DESCRIPTOR_SECTORS = 20;

    private final WriterOptions options;
    private final WrittenTables tables;
    private final SparseHeader header;
    private long position;
    private State state = State.NEW;

    private enum State {
        NEW,
        BODY,
        FINISHED
    }

    VmdkWriter(WriterOptions options) {
        this.options = options;
        this.tables = new WrittenTables(options.directoryEntries());
        this.header = new SparseHeader(
                VERSION,
                SparseHeader.FLAG_NEWLINES | SparseHeader.FLAG_COMPRESSED | SparseHeader.FLAG_MARKERS,
                options.capacity(),
                WriterOptions.GRAIN / Sectors.SIZE,
                DESCRIPTOR_SECTOR,
                DESCRIPTOR_SECTORS,
                SparseHeader.TABLE_ENTRIES,
                0,
                SparseHeader.DIRECTORY_AT_END,
                OVERHEAD,
                false,
                SparseHeader.COMPRESSION_DEFLATE);
    }

    @Override
    public int chunkSize() {
        return WriterOptions.CHUNK;
    }

    @Override
    public int maxEncodedSize() {
        return WriterOptions.CHUNK / WriterOptions.GRAIN * WriterOptions.storedGrain();
    }

    @Override
    public int headLength() {
        return 0;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new VmdkEncoder(options.level());
    }

    @Override
    public void begin(ByteSink body) {
        require(State.NEW);
        state = State.BODY;
        body.write(header.toBytes());
        byte[] descriptor = Descriptor.text(options.virtualSize(), options.capacity());
        body.write(ByteBuffer.wrap(descriptor));
        body.writeZeros(Sectors.bytes(OVERHEAD - DESCRIPTOR_SECTOR) - descriptor.length);
        tables.advance(OVERHEAD);
    }

    @Override
    public void append(EncodedChunk chunk, ByteSink body) {
        require(State.BODY);
        if (!(chunk instanceof VmdkChunk own)) {
            throw SnapshotException.invalid("a vmdk writer takes only chunks that its own encoders made");
        }
        advance(own.position(), own.position() + own.rawLength());
        long grain = own.position() / WriterOptions.GRAIN;
        tables.goTo(grain, body);
        for (int i = 0; i < own.grains(); i++) {
            if (own.sectors(i) > 0) {
                tables.map(grain + i);
                tables.advance(own.sectors(i));
            }
        }
        body.write(own.bytes());
    }

    @Override
    public void appendZeros(ByteRange range, ByteSink body) {
        require(State.BODY);
        advance(range.start(), range.end());
    }

    private void advance(long start, long end) {
        boolean whole = end == options.virtualSize() || end % WriterOptions.CHUNK == 0;
        if (start != position || end > options.virtualSize() || !whole) {
            throw SnapshotException.invalid("the next range must begin at " + position + " and end at a multiple of "
                    + WriterOptions.CHUNK + " or at the disk's end " + options.virtualSize() + ", got [" + start + ", "
                    + end + ")");
        }
        position = end;
    }

    @Override
    public ByteBuffer finish(ByteSink body) {
        require(State.BODY);
        if (position != options.virtualSize()) {
            throw SnapshotException.invalid(
                    "the image ends at " + position + " of its disk's " + options.virtualSize() + " bytes");
        }
        state = State.FINISHED;
        long directory = tables.finish(body);
        body.write(Marker.metadata(Marker.FOOTER, 1));
        body.write(header.withDirectory(directory).toBytes());
        body.write(Marker.metadata(Marker.END_OF_STREAM, 0));
        return ByteBuffer.allocate(0);
    }

    private void require(State expected) {
        if (state != expected) {
            throw SnapshotException.invalid("a writer goes through begin, append and finish once and in this order");
        }
    }

    @Override
    public void close() {
        // Everything is on the heap.
    }
}
