package io.stillframe.image;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A new file that is written at any place, leaving aligned blocks of zeros as holes. For one thread at a time. */
final class SparseFileOutput implements AutoCloseable {
    private static final int BLOCK = 64 * 1024;

    private final Path path;
    private final FileChannel channel;

    /** @param channel empty, owned by this object */
    SparseFileOutput(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** Writes all remaining bytes at {@code position}, except whole zero blocks; the place must not have been written before. */
    void write(long position, ByteBuffer bytes) {
        long base = position - bytes.position();
        int end = bytes.limit();
        int at = bytes.position();
        ByteBuffer view = bytes.duplicate();
        while (at < end) {
            int stop = dataEnd(bytes, at, end, base);
            if (stop > at) {
                writeFully(base + at, view.limit(stop).position(at));
                at = stop;
            }
            at = Math.min(blockEnd(base, at), end);
        }
        bytes.position(end);
    }

    /** Where the run of blocks that are not zero ends. */
    private static int dataEnd(ByteBuffer bytes, int from, int end, long base) {
        int at = from;
        while (at < end) {
            int stop = Math.min(blockEnd(base, at), end);
            if (ZeroTest.isZero(bytes, at, stop - at)) {
                break;
            }
            at = stop;
        }
        return at;
    }

    private static int blockEnd(long base, int at) {
        return at + BLOCK - (int) ((base + at) % BLOCK);
    }

    private void writeFully(long position, ByteBuffer bytes) {
        long at = position;
        try {
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        } catch (IOException e) {
            throw failure("writing " + path + " at " + at, e);
        }
    }

    /** Gives the file its length and makes it durable. */
    void finish(long size) {
        try {
            if (channel.size() < size) {
                channel.write(ByteBuffer.allocate(1), size - 1);
            }
            channel.force(true);
        } catch (IOException e) {
            throw failure("finishing " + path, e);
        }
    }

    private static SnapshotException failure(String what, IOException cause) {
        return SnapshotException.permanent(
                what + " failed: " + cause + "; check the file system's free space and health", cause);
    }

    void delete() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw failure("removing the unfinished " + path, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failure("closing " + path, e);
        }
    }
}
