package io.stillframe.spi;

import io.stillframe.model.ByteRange;
import java.nio.ByteBuffer;

/**
 * Writes one image as a stream, in two halves: encoders work on chunks in parallel, {@link #append} takes their results in disk
 * order and decides where they lie. The image is {@code head || body}: the body is written to the sink in order while the head, whose
 * length is known from the start, is known only at the end.
 *
 * <p>Order of calls: {@link #begin}, then {@link #append} and {@link #appendZeros} in ascending order covering the whole disk without
 * gap or overlap, then {@link #finish}. All of these from one thread at a time; {@link #newEncoder} from any.
 */
public interface ImageWriter extends AutoCloseable {
    /** Bytes of disk in one chunk: a power of two, constant. */
    int chunkSize();

    /** Upper bound of the stored bytes of one chunk. */
    int maxEncodedSize();

    /** Bytes in front of the body, given out by {@link #finish}; 0 if the image can go to a pipe. */
    int headLength();

    /** A new encoder; closed by the caller. */
    ChunkEncoder newEncoder();

    /** Starts the body. */
    void begin(ByteSink body);

    /** Adds the next chunk. */
    void append(EncodedChunk chunk, ByteSink body);

    /**
     * Adds zeros.
     *
     * @param range starts where the last append ended, at a multiple of the chunk size; ends at such a multiple or at the disk's end
     */
    void appendZeros(ByteRange range, ByteSink body);

    /**
     * Writes the closing metadata to the body and returns the head.
     *
     * @return {@link #headLength()} bytes from position to limit
     */
    ByteBuffer finish(ByteSink body);

    /** Frees what it holds; the image is void if it was not finished. Idempotent. */
    @Override
    void close();
}
