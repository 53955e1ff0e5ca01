package io.stillframe.image.stream;

import io.stillframe.internal.frame.Envelope;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** A record in a skippable frame. */
record Lz4Envelope() implements Envelope {
    static final int SKIPPABLE = 0x184D2A53;
    static final int HEADER = 8;

    @Override
    public int overhead() {
        return HEADER;
    }

    @Override
    public ByteBuffer wrap(ByteBuffer record) {
        ByteBuffer frame = ByteBuffer.allocate(HEADER + record.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        return frame.putInt(SKIPPABLE)
                .putInt(record.remaining())
                .put(record.duplicate())
                .flip();
    }

    @Override
    public Optional<ByteBuffer> unwrap(ByteBuffer bytes) {
        ByteBuffer frame = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        int length = frame.remaining() - HEADER;
        if (length < 0 || frame.getInt() != SKIPPABLE || frame.getInt() != length) {
            return Optional.empty();
        }
        return Optional.of(frame.slice());
    }
}
