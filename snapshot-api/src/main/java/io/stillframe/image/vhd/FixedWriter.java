package io.stillframe.image.vhd;

import io.stillframe.internal.image.ContentIdentity;
import io.stillframe.internal.image.PlainChunk;
import io.stillframe.internal.image.PlainEncoder;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;

/** Writes a fixed image front to back. */
final class FixedWriter implements ImageWriter {
    private static final int CHUNK = 1 << 20;
    private static final int ID_DISK = 0;

    private final long virtualSize;
    private final long storedSize;
    private final ContentIdentity identity;
    private long position;

    FixedWriter(long virtualSize, long storedSize) {
        this.virtualSize = virtualSize;
        this.storedSize = storedSize;
        this.identity = new ContentIdentity("vhd-fixed", virtualSize);
    }

    @Override
    public int chunkSize() {
        return CHUNK;
    }

    @Override
    public int maxEncodedSize() {
        return CHUNK;
    }

    @Override
    public int headLength() {
        return 0;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new PlainEncoder();
    }

    @Override
    public void begin(ByteSink body) {
        // The disk's bytes come first.
    }

    @Override
    public void append(EncodedChunk chunk, ByteSink body) {
        if (!(chunk instanceof PlainChunk own)) {
            throw SnapshotException.invalid("a vhd-fixed writer takes only chunks that its own encoders made");
        }
        advance(own.position(), own.rawLength());
        identity.add(own);
        body.write(own.bytes());
    }

    @Override
    public void appendZeros(ByteRange range, ByteSink body) {
        advance(range.start(), range.length());
        body.writeZeros(range.length());
    }

    private void advance(long start, long length) {
        if (start != position || length > virtualSize - start) {
            throw SnapshotException.invalid("after " + position + " of " + virtualSize + " bytes came " + length
                    + " bytes for " + start + "; an image is written in order");
        }
        position += length;
    }

    @Override
    public ByteBuffer finish(ByteSink body) {
        if (position != virtualSize) {
            throw SnapshotException.invalid(
                    "the image ends at " + position + " of its disk's " + virtualSize + " bytes");
        }
        body.writeZeros(storedSize - virtualSize);
        body.write(Footer.write(
                Footer.DiskType.FIXED,
                Footer.NO_OFFSET,
                virtualSize,
                storedSize,
                identity.finish().of(ID_DISK)));
        return ByteBuffer.allocate(0);
    }

    @Override
    public void close() {
        // Everything is on the heap.
    }
}
