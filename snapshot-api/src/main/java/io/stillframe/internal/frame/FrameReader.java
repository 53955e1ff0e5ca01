package io.stillframe.internal.frame;

import io.stillframe.internal.image.ReaderPool;
import io.stillframe.internal.memory.GrowingBuffer;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;

/** Reads and decompresses frames, bounded by their declared sizes; keeps the last one. For one thread at a time. */
public final class FrameReader implements ReaderPool.Reader {
    private static final int NONE = -1;

    private final ByteSource image;
    private final Decompressor decompressor;
    private final GrowingBuffer stored = new GrowingBuffer();
    private final GrowingBuffer plain = new GrowingBuffer();
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
            decodeInto(frame, plain.ofLength(frame.length()));
            kept = frame.number();
        }
        return plain.ofLength(frame.length());
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
        ByteBuffer bytes = stored.ofLength(frame.stored());
        image.read(frame.offset(), bytes);
        return bytes.flip();
    }

    @Override
    public void close() {
        decompressor.close();
        stored.close();
        plain.close();
    }
}
