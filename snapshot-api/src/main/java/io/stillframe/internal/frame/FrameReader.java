package io.stillframe.internal.frame;

import io.stillframe.internal.image.ReaderPool;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;

/** Reads and decompresses frames, bounded by their declared sizes; keeps the last one. For one thread at a time. */
public final class FrameReader implements ReaderPool.Reader {
    private static final int NONE = -1;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ByteSource image;
    private final Decompressor decompressor;
    private DirectMemory storedMemory = new DirectMemory();
    private DirectMemory plainMemory = new DirectMemory();
    private ByteBuffer stored = NOTHING;
    private ByteBuffer plain = NOTHING;
    private int kept = NONE;

    /**
     * @param image stays the caller's
     * @param decompressor owned by this object
     */
    public FrameReader(ByteSource image, Decompressor decompressor) {
        this.image = image;
        this.decompressor = decompressor;
    }

    /** Whether {@link #decode} would give the frame without work. */
    boolean keeps(FrameTable.Cursor frame) {
        return kept == frame.number();
    }

    /** The frame's bytes from position to limit, valid until the next call. Throws CORRUPT or UNSUPPORTED, or as the image's reads. */
    public ByteBuffer decode(FrameTable.Cursor frame) {
        if (!keeps(frame)) {
            kept = NONE;
            if (plain.capacity() < frame.length()) {
                plain = NOTHING;
                plainMemory.close();
                plainMemory = new DirectMemory();
                plain = plainMemory.allocate(frame.length());
            }
            decodeInto(frame, plain.clear());
            kept = frame.number();
        }
        return plain.clear().limit(frame.length());
    }

    /** Decompresses the whole frame to the position of {@code target}, which is direct, and moves it behind. */
    void decodeInto(FrameTable.Cursor frame, ByteBuffer target) {
        ByteBuffer source = stored(frame);
        try {
            decompressor.decompress(source, target, frame.length());
        } catch (SnapshotException e) {
            throw new SnapshotException(
                    e.kind(),
                    image.describe() + ": frame " + frame.number() + " at offset " + frame.offset() + ": "
                            + e.getMessage(),
                    e);
        }
    }

    /** The frame's stored bytes from position to limit, valid until the next call. */
    public ByteBuffer stored(FrameTable.Cursor frame) {
        if (stored.capacity() < frame.stored()) {
            stored = NOTHING;
            storedMemory.close();
            storedMemory = new DirectMemory();
            stored = storedMemory.allocate(frame.stored());
        }
        image.read(frame.offset(), stored.clear().limit(frame.stored()));
        return stored.flip();
    }

    @Override
    public void close() {
        decompressor.close();
        storedMemory.close();
        plainMemory.close();
    }
}
