package io.stillframe.image.zstd;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Reads and decompresses frames, bounded by their declared sizes; keeps the last one. For one thread at a time. */
final class FrameDecoder implements AutoCloseable {
    private static final int NONE = -1;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ByteSource image;
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private DirectMemory storedMemory = new DirectMemory();
    private DirectMemory plainMemory = new DirectMemory();
    private ByteBuffer stored = NOTHING;
    private ByteBuffer plain = NOTHING;
    private int kept = NONE;

    FrameDecoder(ByteSource image) {
        this.image = image;
    }

    /** The number of the frame that {@link #decode} would give without work. */
    boolean keeps(FrameTable.Cursor frame) {
        return kept == frame.number();
    }

    /** The frame's bytes from position to limit, valid until the next call. */
    ByteBuffer decode(FrameTable.Cursor frame) {
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

    /** Decompresses the whole frame to {@code target}'s position, and moves it behind. */
    void decodeInto(FrameTable.Cursor frame, ByteBuffer target) {
        ByteBuffer source = readStored(frame);
        try {
            int length = context.decompressDirectByteBuffer(
                    target, target.position(), frame.length(), source, 0, source.remaining());
            if (length != frame.length()) {
                throw corrupt(frame, "it has " + length + " bytes instead of " + frame.length(), null);
            }
            target.position(target.position() + length);
        } catch (ZstdException e) {
            throw corrupt(frame, "decompression failed", e);
        }
    }

    private ByteBuffer readStored(FrameTable.Cursor frame) {
        if (stored.capacity() < frame.stored()) {
            stored = NOTHING;
            storedMemory.close();
            storedMemory = new DirectMemory();
            stored = storedMemory.allocate(frame.stored());
        }
        image.read(frame.offset(), stored.clear().limit(frame.stored()));
        return stored.flip();
    }

    private SnapshotException corrupt(FrameTable.Cursor frame, String fault, @Nullable Throwable cause) {
        return new SnapshotException(
                SnapshotException.Kind.CORRUPT,
                "zstd image " + image.describe() + ": frame " + frame.number() + " at offset " + frame.offset() + ": "
                        + fault,
                cause);
    }

    @Override
    public void close() {
        context.close();
        storedMemory.close();
        plainMemory.close();
    }
}
