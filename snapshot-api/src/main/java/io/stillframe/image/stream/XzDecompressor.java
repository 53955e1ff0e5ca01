package io.stillframe.image.stream;

import io.stillframe.internal.frame.Decompressor;
import io.stillframe.model.SnapshotException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import org.tukaani.xz.ArrayCache;
import org.tukaani.xz.BasicArrayCache;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.SingleXZInputStream;
import org.tukaani.xz.UnsupportedOptionsException;

/**
 * Decompresses blocks: a stream of that one block is put together and handed to the library, which then verifies the lengths and the
 * check.
 */
final class XzDecompressor implements Decompressor {
    private static final int STEP = 64 * 1024;
    private static final int LZMA = 0x80;
    private static final int NEW_PROPERTIES = 0xC0;

    private final int check;
    private final ArrayCache arrays = new BasicArrayCache();
    private final byte[] step = new byte[STEP];

    /** @param check the number of the streams' check */
    XzDecompressor(int check) {
        this.check = check;
    }

    /** Bytes of a check; empty if its number is not in use. Section 2.1.1.2. */
    static OptionalInt checkLength(int check) {
        return switch (check) {
            case 0 -> OptionalInt.of(0);
            case 1 -> OptionalInt.of(4);
            case 4 -> OptionalInt.of(8);
            case 10 -> OptionalInt.of(32);
            default -> OptionalInt.empty();
        };
    }

    @Override
    public void decompress(ByteBuffer stored, ByteBuffer target, int length) {
        byte[] block = new byte[stored.remaining()];
        stored.duplicate().get(block);
        try (InputStream decoder = new SingleXZInputStream(stream(block, length), XzCodec.MEMORY_LIMIT, true, arrays)) {
            for (int left = length; left > 0; ) {
                int count = decoder.read(step, 0, Math.min(STEP, left));
                require(count >= 0, "it holds less than it should");
                target.put(step, 0, count);
                left -= count;
            }
            require(decoder.read() < 0, "it holds more than it should");
        } catch (MemoryLimitException | UnsupportedOptionsException e) {
            throw new SnapshotException(SnapshotException.Kind.UNSUPPORTED, "needs what is not supported: " + e, e);
        } catch (IOException e) {
            throw new SnapshotException(SnapshotException.Kind.CORRUPT, "decompression failed: " + e, e);
        }
    }

    private InputStream stream(byte[] block, int length) {
        ByteBuffer index = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        index.put((byte) 0);
        XzBlocks.putNumber(index, 1);
        XzBlocks.putNumber(index, unpadded(block));
        XzBlocks.putNumber(index, length);
        index.position(padded(index.position()));
        index.putInt(XzBlocks.crc32(index.duplicate().flip())).flip();
        return new SequenceInputStream(Collections.enumeration(List.of(
                new ByteArrayInputStream(XzBlocks.header(check).array()),
                new ByteArrayInputStream(block),
                new ByteArrayInputStream(index.array(), 0, index.limit()),
                new ByteArrayInputStream(XzBlocks.footer(check, index.limit()).array()))));
    }

    /** The block's length without its padding, which follows from the headers of its LZMA2 chunks alone. */
    private long unpadded(byte[] block) {
        int checkLength = checkLength(check).orElseThrow();
        require(block.length > 0 && block[0] != 0, "no block begins there");
        int end = lzmaEnd(block, ((block[0] & 0xFF) + 1) * Integer.BYTES);
        require(padded(end) + checkLength == block.length, "it does not end where it should");
        return (long) end + checkLength;
    }

    private static int lzmaEnd(byte[] block, int start) {
        int at = start;
        while (true) {
            require(at + 6 <= block.length || (at < block.length && block[at] == 0), "it ends too early");
            int control = block[at] & 0xFF;
            if (control == 0) {
                return at + 1;
            }
            if (control < LZMA) {
                at += 3 + number(block, at + 1) + 1;
            } else {
                at += (control < NEW_PROPERTIES ? 5 : 6) + number(block, at + 3) + 1;
            }
        }
    }

    private static int number(byte[] block, int at) {
        return ((block[at] & 0xFF) << 8) | (block[at + 1] & 0xFF);
    }

    private static int padded(int length) {
        return (length + 3) & ~3;
    }

    private static void require(boolean kept, String fault) {
        if (!kept) {
            throw SnapshotException.corrupt(fault);
        }
    }

    @Override
    public void close() {}
}
