package io.stillframe.image.stream;

import io.stillframe.model.SnapshotException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.StreamingXXHash32;
import net.jpountz.xxhash.XXHashFactory;

/**
 * Decodes LZ4 frames of any writer one behind the other, skippable ones left out, to the end of the stream. Memory is two blocks of at
 * most 4 MiB. For one thread at a time.
 */
final class Lz4Stream extends InputStream {
    private static final int VERSION_MASK = 0xC0;
    private static final int VERSION = 0x40;
    private static final int INDEPENDENT = 0x20;
    private static final int BLOCK_CHECKSUM = 0x10;
    private static final int CONTENT_SIZE = 0x08;
    private static final int CONTENT_CHECKSUM = 0x04;
    private static final int RESERVED = 0x02;
    private static final int DICTIONARY = 0x01;
    private static final int SKIPPABLE_MASK = 0xFFFFFFF0;
    private static final int SKIPPABLE = 0x184D2A50;
    private static final int LONGEST_DESCRIPTOR = 2 + Long.BYTES + 1;

    private final InputStream stored;
    private final LZ4SafeDecompressor decompressor =
            LZ4Factory.fastestInstance().safeDecompressor();
    private final StreamingXXHash32 checksum = XXHashFactory.fastestInstance().newStreamingHash32(0);
    private byte[] packed = new byte[0];
    private byte[] plain = new byte[0];
    private int at;
    private int end;
    private boolean inFrame;
    private boolean first = true;
    private int flags;
    private int largestBlock;
    private long declared;
    private long produced;

    Lz4Stream(InputStream stored) {
        this.stored = stored;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (at == end) {
            if (inFrame) {
                nextBlock();
            } else if (!beginFrame()) {
                return -1;
            }
        }
        int count = Math.min(length, end - at);
        System.arraycopy(plain, at, target, offset, count);
        at += count;
        return count;
    }

    private boolean beginFrame() throws IOException {
        byte[] word = stored.readNBytes(Integer.BYTES);
        if (word.length == 0 && !first) {
            return false;
        }
        if (word.length < Integer.BYTES) {
            throw new EOFException("the stream ends within a frame's magic number");
        }
        first = false;
        int magic = littleEndian(word, 0);
        if ((magic & SKIPPABLE_MASK) == SKIPPABLE) {
            skipContent(word() & 0xFFFFFFFFL);
        } else if (magic == Lz4Frames.MAGIC) {
            readDescriptor();
            inFrame = true;
        } else {
            throw new IOException("no LZ4 frame begins where one should");
        }
        return true;
    }

    private void readDescriptor() throws IOException {
        byte[] descriptor = new byte[LONGEST_DESCRIPTOR];
        readFully(descriptor, 0, 2);
        flags = descriptor[0];
        int code = (descriptor[1] >> 4) & 0x0F;
        if ((flags & VERSION_MASK) != VERSION || (flags & RESERVED) != 0 || (descriptor[1] & 0x8F) != 0 || code < 4) {
            throw new IOException("a frame's descriptor is broken");
        }
        int length = 2;
        declared = -1;
        if ((flags & CONTENT_SIZE) != 0) {
            readFully(descriptor, length, Long.BYTES);
            declared =
                    ByteBuffer.wrap(descriptor).order(ByteOrder.LITTLE_ENDIAN).getLong(length);
            length += Long.BYTES;
        }
        requireSupported();
        readFully(descriptor, length, 1);
        if (descriptor[length] != (byte) (Lz4Frames.hash(ByteBuffer.wrap(descriptor), 0, length) >> 8)) {
            throw new IOException("a frame's descriptor has a wrong checksum");
        }
        largestBlock = 1 << (8 + 2 * code);
        produced = 0;
        checksum.reset();
    }

    private void requireSupported() {
        if ((flags & INDEPENDENT) == 0) {
            throw SnapshotException.unsupported("its blocks depend on each other; decompress it with lz4 -d");
        }
        if ((flags & DICTIONARY) != 0) {
            throw SnapshotException.unsupported("it needs a dictionary; decompress it with lz4 -d -D");
        }
    }

    private void nextBlock() throws IOException {
        int word = word();
        if (word == 0) {
            endFrame();
            return;
        }
        int size = word & ~Lz4Frames.UNCOMPRESSED;
        if (size > largestBlock) {
            throw new IOException("a block of " + size + " bytes is longer than the frame allows");
        }
        makeRoom();
        readFully(packed, 0, size);
        if ((flags & BLOCK_CHECKSUM) != 0 && word() != Lz4Frames.hash(ByteBuffer.wrap(packed), 0, size)) {
            throw new IOException("a block's checksum is wrong");
        }
        at = 0;
        end = word < 0 ? copy(size) : decompress(size);
        produced += end;
        checksum.update(plain, 0, end);
    }

    private void makeRoom() {
        if (packed.length < largestBlock) {
            packed = new byte[largestBlock];
            plain = new byte[largestBlock];
        }
    }

    private int copy(int size) {
        System.arraycopy(packed, 0, plain, 0, size);
        return size;
    }

    private int decompress(int size) throws IOException {
        try {
            return decompressor.decompress(packed, 0, size, plain, 0, largestBlock);
        } catch (LZ4Exception e) {
            throw new IOException("a block is broken: " + e.getMessage(), e);
        }
    }

    private void endFrame() throws IOException {
        inFrame = false;
        if (declared >= 0 && declared != produced) {
            throw new IOException("a frame declares " + declared + " bytes and holds " + produced);
        }
        if ((flags & CONTENT_CHECKSUM) != 0 && word() != checksum.getValue()) {
            throw new IOException("a frame's checksum is wrong");
        }
    }

    private int word() throws IOException {
        byte[] word = new byte[Integer.BYTES];
        readFully(word, 0, Integer.BYTES);
        return littleEndian(word, 0);
    }

    private static int littleEndian(byte[] bytes, int offset) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(offset);
    }

    private void readFully(byte[] target, int offset, int length) throws IOException {
        if (stored.readNBytes(target, offset, length) < length) {
            throw new EOFException("the stream ends within a frame");
        }
    }

    private void skipContent(long count) throws IOException {
        byte[] step = new byte[64 * 1024];
        for (long left = count; left > 0; left -= Math.min(left, step.length)) {
            readFully(step, 0, (int) Math.min(left, step.length));
        }
    }
}
