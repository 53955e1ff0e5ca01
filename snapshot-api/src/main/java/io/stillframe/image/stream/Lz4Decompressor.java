package io.stillframe.image.stream;

import io.stillframe.internal.frame.Decompressor;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/** Decompresses frames with the header that {@link Lz4Frames} gives them. */
final class Lz4Decompressor implements Decompressor {
    private final LZ4SafeDecompressor decompressor =
            LZ4Factory.fastestInstance().safeDecompressor();

    @Override
    public void decompress(ByteBuffer stored, ByteBuffer target, int length) {
        ByteBuffer frame = stored.slice().order(ByteOrder.LITTLE_ENDIAN);
        requireHeader(frame, length);
        int start = target.position();
        int end = start + length;
        int at = start;
        while (at < end) {
            at = block(frame, target, at, end);
        }
        require(frame.remaining() == Lz4Frames.TRAILER && frame.getInt() == 0, "it does not end where it should");
        require(frame.getInt() == Lz4Frames.hash(target, start, length), "its checksum is wrong");
        target.position(end);
    }

    private static void requireHeader(ByteBuffer frame, int length) {
        byte[] expected = new byte[Lz4Frames.HEADER];
        Lz4Frames.putHeader(ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN), length);
        // Arrays, not slices: HotSpot 25.0.3 compiled ByteBuffer.equals of two slices here into code that saw null.
        byte[] found = new byte[Math.min(Lz4Frames.HEADER, frame.remaining())];
        frame.get(found);
        require(Arrays.equals(found, expected), "no LZ4 frame of " + length + " bytes begins there");
    }

    private int block(ByteBuffer frame, ByteBuffer target, int at, int end) {
        require(frame.remaining() > Integer.BYTES, "it ends too early");
        int word = frame.getInt();
        int size = word & ~Lz4Frames.UNCOMPRESSED;
        require(size > 0 && size <= frame.remaining(), "a block is longer than the frame");
        int most = Math.min(Lz4Frames.BLOCK, end - at);
        int count = word < 0 ? copy(frame, size, target, at, most) : decompress(frame, size, target, at, most);
        require(count > 0, "a block holds nothing");
        frame.position(frame.position() + size);
        return at + count;
    }

    private static int copy(ByteBuffer frame, int size, ByteBuffer target, int at, int most) {
        require(size <= most, "a block holds more than it should");
        target.put(at, frame, frame.position(), size);
        return size;
    }

    private int decompress(ByteBuffer frame, int size, ByteBuffer target, int at, int most) {
        try {
            return decompressor.decompress(frame, frame.position(), size, target, at, most);
        } catch (LZ4Exception e) {
            throw new SnapshotException(SnapshotException.Kind.CORRUPT, "decompression failed: " + e.getMessage(), e);
        }
    }

    private static void require(boolean kept, String fault) {
        if (!kept) {
            throw SnapshotException.corrupt(fault);
        }
    }

    @Override
    public void close() {}
}
