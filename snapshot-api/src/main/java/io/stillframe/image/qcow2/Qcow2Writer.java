package io.stillframe.image.qcow2;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;

/**
 * Writes a version 3 image in one pass: data packed in disk order, each L2 table and refcount block behind what it describes, the L1
 * and refcount tables at the end, the header last. Memory does not grow with the disk beyond 8 bytes for each L2 table and each
 * refcount block.
 */
final class Qcow2Writer implements ImageWriter {
    /** Part of the stored bytes that may be spent on aligning incompressible clusters, so that they can be read without decoding. */
    private static final int PADDING_SHARE = 256;

    private final WriterOptions options;
    private final HostStream host;
    private final L2Tables tables;
    private final StoredFrames frames;
    private long position;
    private long padded;
    private State state = State.NEW;

    private enum State {
        NEW,
        BODY,
        FINISHED
    }

    Qcow2Writer(WriterOptions options) {
        this.options = options;
        this.host = new HostStream(options.geometry());
        this.tables = new L2Tables(options, host);
        this.frames = StoredFrames.of(options.method().type());
    }

    @Override
    public int chunkSize() {
        return options.chunkSize();
    }

    @Override
    public int maxEncodedSize() {
        return options.chunkSize() - options.clusterSize() + ClusterCompressor.bound(options);
    }

    @Override
    public int headLength() {
        return HeaderWriter.LENGTH;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new Qcow2Encoder(options);
    }

    @Override
    public void begin(ByteSink body) {
        require(State.NEW);
        state = State.BODY;
        host.begin(HeaderWriter.LENGTH, body);
    }

    @Override
    public void append(EncodedChunk chunk, ByteSink body) {
        require(State.BODY);
        if (!(chunk instanceof Qcow2Chunk own)) {
            throw SnapshotException.invalid("a qcow2 writer takes only chunks that its own encoders made");
        }
        advance(own.position(), own.position() + own.rawLength());
        ByteBuffer bytes = own.bytes();
        int end = bytes.limit();
        long cluster = own.position() >>> options.geometry().clusterBits();
        for (int i = 0; i < own.clusters(); i++) {
            int size = own.size(i);
            if (size != Qcow2Chunk.ZERO) {
                int length = size == Qcow2Chunk.PLAIN ? options.clusterSize() : size;
                bytes.limit(bytes.position() + length);
                tables.goTo(cluster, body);
                tables.map(cluster, size == Qcow2Chunk.PLAIN ? plain(bytes, body) : compressed(bytes, length, body));
                bytes.limit(end);
            }
            cluster++;
        }
    }

    private long plain(ByteBuffer cluster, ByteSink body) {
        int gap = host.gap();
        if (options.method() != WriterOptions.Method.NONE && gap > host.end() / PADDING_SHARE - padded) {
            return framed(cluster, body);
        }
        padded += gap;
        return host.appendCluster(cluster, body) | Entries.COPIED;
    }

    private long framed(ByteBuffer cluster, ByteSink body) {
        int length = frames.frameSize(cluster.remaining());
        long offset = host.startCompressed(length, body);
        frames.write(cluster, body::write);
        host.compressedWritten(body);
        return Entries.compressedEntry(offset, length, options.geometry());
    }

    private long compressed(ByteBuffer bytes, int length, ByteSink body) {
        long offset = host.startCompressed(length, body);
        body.write(bytes);
        host.compressedWritten(body);
        return Entries.compressedEntry(offset, length, options.geometry());
    }

    @Override
    public void appendZeros(ByteRange range, ByteSink body) {
        require(State.BODY);
        advance(range.start(), range.end());
    }

    private void advance(long start, long end) {
        boolean whole = end == options.virtualSize() || end % options.chunkSize() == 0;
        if (start != position || end > options.virtualSize() || !whole) {
            throw SnapshotException.invalid("the next range must begin at " + position + " and end at a multiple of "
                    + options.chunkSize() + " or at the disk's end " + options.virtualSize() + ", got [" + start + ", "
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
        return HeaderWriter.write(options, host.finish(tables.finish(body), body));
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
