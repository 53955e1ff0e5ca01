package io.stillframe.image.stream;

import io.stillframe.internal.frame.Frame;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.tukaani.xz.ArrayCache;
import org.tukaani.xz.BasicArrayCache;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.UnsupportedOptionsException;
import org.tukaani.xz.XZ;
import org.tukaani.xz.XZOutputStream;

/** Compresses each chunk to a stream of one block, and keeps the block. The encoder's arrays are reused. */
final class XzEncoder implements ChunkEncoder {
    private static final int STEP = 64 * 1024;

    private final LZMA2Options options;
    private final ArrayCache arrays = new BasicArrayCache();
    private final byte[] step = new byte[STEP];
    private final ByteArrayOutputStream stream = new ByteArrayOutputStream();

    XzEncoder(int level, int chunk) {
        try {
            options = new LZMA2Options(level);
            options.setDictSize(Math.max(LZMA2Options.DICT_SIZE_MIN, Math.min(options.getDictSize(), chunk)));
        } catch (UnsupportedOptionsException e) {
            throw SnapshotException.permanent("the xz library refuses its own level " + level, e);
        }
    }

    @Override
    public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
        int length = raw.remaining();
        stream.reset();
        try (OutputStream encoder = new XZOutputStream(stream, options, XZ.CHECK_CRC64, arrays)) {
            ByteBuffer left = raw.duplicate();
            while (left.hasRemaining()) {
                int count = Math.min(STEP, left.remaining());
                left.get(step, 0, count);
                encoder.write(step, 0, count);
            }
        } catch (IOException e) {
            throw SnapshotException.permanent(
                    "compressing " + length + " bytes at " + position + " failed: " + e.getMessage(), e);
        }
        return block(position, length, stored);
    }

    /** Takes header, index and footer off. */
    private Frame block(long position, int length, ByteBuffer stored) {
        ByteBuffer whole = ByteBuffer.wrap(stream.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        int footer = whole.limit() - XzBlocks.FOOTER;
        int index = footer - (whole.getInt(footer + Integer.BYTES) + 1) * Integer.BYTES;
        int blockLength = index - XzBlocks.HEADER;
        ByteBuffer numbers = whole.duplicate().position(index + 1);
        requireOneBlock(XzIndexReader.number(numbers));
        int unpadded = Math.toIntExact(XzIndexReader.number(numbers));
        stored.put(whole.slice(XzBlocks.HEADER, blockLength)).flip();
        return new Frame(position, length, stored, blockLength - unpadded);
    }

    private static void requireOneBlock(long blocks) {
        if (blocks != 1) {
            throw SnapshotException.permanent("the xz library made " + blocks + " blocks of one", null);
        }
    }

    @Override
    public void close() {}
}
