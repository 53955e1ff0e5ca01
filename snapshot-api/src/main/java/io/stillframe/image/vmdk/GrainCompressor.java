package io.stillframe.image.vmdk;

import java.nio.ByteBuffer;
import java.util.zip.Adler32;
import java.util.zip.Deflater;

/** Compresses whole grains to zlib streams (RFC 1950) with one reused native context. For one thread at a time. */
final class GrainCompressor implements AutoCloseable {
    /** The level that stores everything as it is, in deflate's own stored blocks. */
    static final int STORE = 0;

    private static final int HEADER = 2;
    private static final int BLOCK_HEADER = 5;
    private static final int CHECKSUM = 4;
    private static final int LARGEST_BLOCK = 1 << 15;
    private static final short STORED_STREAM = 0x7801;

    private final int level;
    private final Deflater deflater;
    private final Adler32 checksum = new Adler32();

    /** @param level 1 to 9, or {@link #STORE} */
    GrainCompressor(int level) {
        this.level = level;
        this.deflater = new Deflater(level);
    }

    /** Most bytes that a grain of {@code length} bytes becomes. */
    static int bound(int length) {
        int blocks = (length + LARGEST_BLOCK - 1) / LARGEST_BLOCK;
        return HEADER + blocks * BLOCK_HEADER + length + CHECKSUM;
    }

    /**
     * Compresses one grain.
     *
     * @param source the grain is at {@code [offset, offset + length)}
     * @param target with room for {@link #bound} bytes from {@code at}
     * @return bytes written at {@code at}
     */
    int compress(ByteBuffer source, int offset, int length, ByteBuffer target, int at) {
        int size = level == STORE ? length : deflate(source.slice(offset, length), target.slice(at, length));
        return size < length ? size : store(source.slice(offset, length), target.slice(at, bound(length)));
    }

    /** Bytes of the stream; as many as there is room for if it does not fit. */
    private int deflate(ByteBuffer source, ByteBuffer target) {
        deflater.reset();
        deflater.setInput(source);
        deflater.finish();
        while (target.hasRemaining() && !deflater.finished()) {
            deflater.deflate(target);
        }
        return deflater.finished() ? target.position() : target.limit();
    }

    /** What zlib itself makes of incompressible data depends on its version; this is always the same and bounded. */
    private int store(ByteBuffer source, ByteBuffer target) {
        checksum.reset();
        checksum.update(source.duplicate());
        target.putShort(STORED_STREAM);
        int end = source.limit();
        while (source.position() < end) {
            int length = Math.min(LARGEST_BLOCK, end - source.position());
            target.put((byte) (source.position() + length == end ? 1 : 0));
            target.putShort(Short.reverseBytes((short) length)).putShort(Short.reverseBytes((short) ~length));
            target.put(source.limit(source.position() + length));
        }
        target.putInt((int) checksum.getValue());
        return target.position();
    }

    @Override
    public void close() {
        deflater.end();
    }
}
