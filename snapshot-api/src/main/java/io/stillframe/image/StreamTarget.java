package io.stillframe.image;

import io.stillframe.internal.image.Zeros;
import java.nio.ByteBuffer;

/**
 * Takes one stored image as {@code head || body}. The body arrives first and in order; the head, whose length is told at the start,
 * arrives last. For one thread at a time; closed by whoever made it.
 *
 * <p>Every method throws {@link io.stillframe.model.SnapshotException} when the bytes cannot be taken; the stream is then over.
 */
public interface StreamTarget {
    /**
     * Called once, before anything else.
     *
     * @param headLength bytes that the head will have, at least 0; the body begins at this offset of the stored image
     */
    default void begin(int headLength) {}

    /**
     * Takes the next bytes of the body: all remaining bytes of {@code bytes} before it returns; the buffer is reused at once. May block
     * for back-pressure.
     */
    void body(ByteBuffer bytes);

    /**
     * Takes {@code count} zero bytes of the body. Only formats that store zeros as they are call it. A target that can leave holes
     * overrides it.
     *
     * @param count at least 0, may be larger than memory
     */
    default void bodyZeros(long count) {
        Zeros.write(count, this::body);
    }

    /**
     * Called once, after the whole body.
     *
     * @param head {@code headLength} bytes, possibly none
     */
    void head(ByteBuffer head);
}
