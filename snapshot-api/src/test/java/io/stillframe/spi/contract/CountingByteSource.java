package io.stillframe.spi.contract;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Bytes in memory that count how they are used. */
public final class CountingByteSource implements ByteSource {
    private final byte[] bytes;
    private final AtomicLong bytesRead = new AtomicLong();
    private final AtomicInteger closes = new AtomicInteger();

    /** @param bytes not copied */
    public CountingByteSource(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public void read(long position, ByteBuffer target) {
        if (position < 0 || position > bytes.length - target.remaining()) {
            throw SnapshotException.invalid(target.remaining() + " bytes from " + position + " exceed the "
                    + bytes.length + " bytes in memory");
        }
        bytesRead.addAndGet(target.remaining());
        target.put(bytes, (int) position, target.remaining());
    }

    @Override
    public String describe() {
        return bytes.length + " bytes in memory";
    }

    @Override
    public void close() {
        closes.incrementAndGet();
    }

    /** Bytes that were read so far. */
    public long bytesRead() {
        return bytesRead.get();
    }

    /** How often it was closed. */
    public int closes() {
        return closes.get();
    }
}
