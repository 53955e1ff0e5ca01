package io.stillframe.image.vmdk;

import io.stillframe.image.ZeroTest;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/** Compresses a chunk grain by grain and puts each one's marker in front of it. */
final class VmdkEncoder implements ChunkEncoder {
    private static final int GRAIN = WriterOptions.GRAIN;

    private final GrainCompressor compressor;
    private final DirectMemory memory = new DirectMemory();
    private final ByteBuffer last;

    VmdkEncoder(int level) {
        compressor = new GrainCompressor(level);
        last = memory.allocate(GRAIN);
    }

    @Override
    public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
        int rawLength = raw.remaining();
        int[] sectors = new int[(rawLength + GRAIN - 1) / GRAIN];
        int end = 0;
        for (int i = 0; i < sectors.length; i++) {
            int at = i * GRAIN;
            int from = raw.position() + at;
            int length = Math.min(GRAIN, rawLength - at);
            if (!ZeroTest.isZero(raw, from, length)) {
                boolean whole = length == GRAIN;
                int size =
                        encode(position + at, whole ? raw : padded(raw, from, length), whole ? from : 0, stored, end);
                sectors[i] = size >>> Sectors.BITS;
                end += size;
            }
        }
        return new VmdkChunk(position, rawLength, stored.duplicate().limit(end).position(0), sectors);
    }

    /** Puts one grain into {@code stored} and returns the bytes that it takes there, a multiple of a sector. */
    private int encode(long diskPosition, ByteBuffer source, int offset, ByteBuffer stored, int at) {
        int data = at + Marker.GRAIN_LENGTH;
        int length = compressor.compress(source, offset, GRAIN, stored, data);
        Marker.putGrain(stored, at, diskPosition >>> Sectors.BITS, length);
        int size = Sectors.roundUp(Marker.GRAIN_LENGTH + length);
        for (int i = data + length; i < at + size; i++) {
            stored.put(i, (byte) 0);
        }
        return size;
    }

    /** The disk's last grain, filled up with zeros. */
    private ByteBuffer padded(ByteBuffer raw, int offset, int length) {
        last.put(0, raw, offset, length);
        for (int i = length; i < GRAIN; i++) {
            last.put(i, (byte) 0);
        }
        return last;
    }

    @Override
    public void close() {
        compressor.close();
        memory.close();
    }
}
