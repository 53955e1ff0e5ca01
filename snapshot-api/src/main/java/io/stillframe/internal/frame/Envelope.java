package io.stillframe.internal.frame;

import java.nio.ByteBuffer;
import java.util.Optional;

/** How a format carries bytes that its decoders skip. Stateless. */
public interface Envelope {
    /** Bytes around a record, whatever its length. */
    int overhead();

    /** The whole envelope around {@code record}, which is at most {@link FrameIndex#LONGEST_RECORD} bytes. */
    ByteBuffer wrap(ByteBuffer record);

    /** The record in {@code bytes}, if they are exactly one envelope. */
    Optional<ByteBuffer> unwrap(ByteBuffer bytes);
}
