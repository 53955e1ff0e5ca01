package io.stillframe.internal.frame;

import java.nio.ByteBuffer;

/** Decompresses frames of one format, each by itself. For one thread at a time. */
public interface Decompressor extends AutoCloseable {
    /**
     * Decompresses one frame.
     *
     * @param stored direct; the whole frame from position to limit
     * @param target direct; gets the frame's bytes from its position on, which moves behind them
     * @param length bytes of disk that the frame must hold; no more are ever produced
     * @throws io.stillframe.model.SnapshotException CORRUPT if it does not hold them or its checksum is wrong, UNSUPPORTED if it needs
     *     what is not supported; the message tells the fault alone
     */
    void decompress(ByteBuffer stored, ByteBuffer target, int length);

    /** Frees what it holds. Idempotent. */
    @Override
    void close();
}
