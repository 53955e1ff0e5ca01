package io.stillframe.image;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bytes that come through a pipe. Reads may be asked for by several threads, but must together cover everything once, without gap; each
 * waits until its turn has come. A thread that waits is woken by an interrupt.
 */
final class PipeByteSource implements ByteSource {
    private final InputStream stream;
    private final long size;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private long next;

    /** @param stream stays open */
    PipeByteSource(InputStream stream, long size) {
        this.stream = stream;
        this.size = size;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer target) {
        if (position < 0 || position > size - target.remaining()) {
            throw SnapshotException.invalid(
                    target.remaining() + " bytes from " + position + " exceed the " + size + " bytes of the pipe");
        }
        lock.lock();
        try {
            awaitTurn(position);
            byte[] block = new byte[Math.min(target.remaining(), 64 * 1024)];
            while (target.hasRemaining()) {
                target.put(block, 0, readSome(block, Math.min(block.length, target.remaining())));
            }
        } finally {
            moved.signalAll();
            lock.unlock();
        }
    }

    private void awaitTurn(long position) {
        try {
            while (next < position) {
                moved.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(SnapshotException.Kind.CANCELLED, "interrupted while reading a pipe", e);
        }
        if (next > position) {
            throw SnapshotException.unsupported(
                    "a pipe cannot be read twice: it is at " + next + ", wanted is " + position);
        }
    }

    private int readSome(byte[] block, int most) {
        try {
            int count = stream.read(block, 0, most);
            if (count < 0) {
                throw SnapshotException.invalid(
                        "the pipe ended after " + next + " bytes, its declared size is " + size);
            }
            next += count;
            return count;
        } catch (IOException e) {
            throw SnapshotException.permanent("reading the pipe failed: " + e.getMessage(), e);
        }
    }

    /** Fails unless the pipe has ended where it should. */
    void requireEnd() {
        try {
            if (stream.read() >= 0) {
                throw SnapshotException.invalid("the pipe holds more than its declared size of " + size + " bytes");
            }
        } catch (IOException e) {
            throw SnapshotException.permanent("reading the pipe's end failed: " + e.getMessage(), e);
        }
    }

    @Override
    public String describe() {
        return "pipe";
    }

    @Override
    public void close() {}
}
