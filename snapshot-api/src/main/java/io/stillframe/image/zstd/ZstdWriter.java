package io.stillframe.image.zstd;

import com.github.luben.zstd.Zstd;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.zstd.ZeroFrame;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;

/** Writes frames as they come and the tables at the end. Keeps 8 bytes for each frame. */
final class ZstdWriter implements ImageWriter {
    private final long virtualSize;
    private final int chunkSize;
    private final int level;
    private final FrameTable frames = new FrameTable();
    private final ByteBuffer zeroFrame = ZeroFrame.newBuffer();
    private int zeroFrameLength;

    ZstdWriter(long virtualSize, int chunkSize, int level) {
        this.virtualSize = virtualSize;
        this.chunkSize = chunkSize;
        this.level = level;
    }

    @Override
    public int chunkSize() {
        return chunkSize;
    }

    @Override
    public int maxEncodedSize() {
        return Math.toIntExact(Zstd.compressBound(chunkSize));
    }

    @Override
    public int headLength() {
        return 0;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new ZstdEncoder(level);
    }

    @Override
    public void begin(ByteSink body) {}

    @Override
    public void append(EncodedChunk chunk, ByteSink body) {
        requireNext(chunk.position());
        ByteBuffer stored = chunk.bytes();
        frames.add(stored.remaining(), chunk.rawLength(), false);
        body.write(stored);
    }

    @Override
    public void appendZeros(ByteRange range, ByteSink body) {
        requireNext(range.start());
        for (long at = range.start(); at < range.end(); ) {
            int length = (int) Math.min(ZeroFrame.LONGEST, range.end() - at);
            if (length != zeroFrameLength) {
                ZeroFrame.put(zeroFrame, length);
                zeroFrameLength = length;
            }
            frames.add(zeroFrame.rewind().remaining(), length, true);
            body.write(zeroFrame);
            at += length;
        }
    }

    private void requireNext(long position) {
        if (position != frames.diskEnd()) {
            throw SnapshotException.invalid("a zstd image is written in order: after " + frames.diskEnd()
                    + " bytes came what lies at " + position);
        }
    }

    @Override
    public ByteBuffer finish(ByteSink body) {
        requireNext(virtualSize);
        SeekTable.write(frames, body);
        return ByteBuffer.allocate(0);
    }

    @Override
    public void close() {}
}
