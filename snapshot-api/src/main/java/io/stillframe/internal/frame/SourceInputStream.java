package io.stillframe.internal.frame;

import io.stillframe.spi.ByteSource;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Reads a source's bytes front to back, in steps of 256 KiB. Closing it leaves the source open. For one thread at a time. */
public final class SourceInputStream extends InputStream {
    private static final int STEP = 256 * 1024;

    private final ByteSource source;
    private final ByteBuffer step = ByteBuffer.allocate(STEP).limit(0);
    private long position;

    /** @param source stays the caller's */
    public SourceInputStream(ByteSource source) {
        this.source = source;
    }

    @Override
    public int read() {
        return fill() ? step.get() & 0xFF : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, step.remaining());
        step.get(target, offset, count);
        return count;
    }

    private boolean fill() {
        if (!step.hasRemaining() && position < source.size()) {
            source.read(position, step.clear().limit((int) Math.min(STEP, source.size() - position)));
            position += step.flip().limit();
        }
        return step.hasRemaining();
    }

    @Override
    public int available() {
        return step.remaining();
    }
}
