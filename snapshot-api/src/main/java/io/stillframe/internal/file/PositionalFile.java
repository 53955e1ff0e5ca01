package io.stillframe.internal.file;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Set;

/**
 * A file read and written at positions by several threads at once. An interrupt of one of them, which closes a {@link FileChannel} for
 * all, makes it open the file again; the interrupt is kept for later. What is opened again must be the same file: {@link Reopening}
 * says so.
 */
public final class PositionalFile implements AutoCloseable {
    /** Checks that the path still leads to the file that was opened first. */
    @FunctionalInterface
    public interface Reopening {
        void requireSame() throws IOException;
    }

    private static final int LARGEST_TRANSFER = 1 << 20;

    private final Path path;
    private final Set<OpenOption> options;
    private final Reopening reopening;
    private volatile FileChannel channel;
    private volatile boolean closed;

    private PositionalFile(Path path, Set<OpenOption> options, Reopening reopening, FileChannel channel) {
        this.path = path;
        this.options = options;
        this.reopening = reopening;
        this.channel = channel;
    }

    /**
     * Opens a file.
     *
     * @param options must not create or truncate: they are used again when the file is opened again
     * @return closed by the caller after all reads and writes have ended
     */
    public static PositionalFile open(Path path, Set<OpenOption> options, Reopening reopening) throws IOException {
        return new PositionalFile(path, Set.copyOf(options), reopening, FileChannel.open(path, options));
    }

    /** Fills the target's remaining space; EOFException if the file ends before. */
    public void read(long position, ByteBuffer target) throws IOException {
        long end = position + target.remaining();
        uninterrupted(file -> {
            while (target.hasRemaining()) {
                ByteBuffer window = window(target);
                if (file.read(window, end - target.remaining()) < 0) {
                    throw new EOFException(path.getFileName() + " ends before " + end);
                }
                target.position(window.position());
            }
        });
    }

    /** Writes all remaining bytes; the source's position advances. */
    public void write(long position, ByteBuffer source) throws IOException {
        long end = position + source.remaining();
        uninterrupted(file -> {
            while (source.hasRemaining()) {
                ByteBuffer window = window(source);
                file.write(window, end - source.remaining());
                source.position(window.position());
            }
        });
    }

    /** Writes at the file's end; for one thread at a time. */
    public void append(ByteBuffer source) throws IOException {
        write(size(), source);
    }

    public long size() throws IOException {
        long[] size = new long[1];
        uninterrupted(file -> size[0] = file.size());
        return size[0];
    }

    /** Cuts or extends the file to exactly {@code size} bytes. */
    public void resize(long size) throws IOException {
        uninterrupted(file -> {
            if (file.size() < size) {
                file.write(ByteBuffer.allocate(1), size - 1);
            }
            file.truncate(size);
        });
    }

    /** Makes content and metadata durable. */
    public void force() throws IOException {
        uninterrupted(file -> file.force(true));
    }

    @Override
    public void close() throws IOException {
        closed = true;
        channel.close();
    }

    /** The platform keeps a native buffer as large as the largest heap buffer that a thread ever gave it. */
    private static ByteBuffer window(ByteBuffer buffer) {
        int length = Math.min(buffer.remaining(), LARGEST_TRANSFER);
        return buffer.duplicate().limit(buffer.position() + length);
    }

    private void uninterrupted(Access access) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                FileChannel current = channel;
                try {
                    interrupted |= Thread.interrupted();
                    access.run(current);
                    return;
                } catch (ClosedChannelException e) {
                    // By an interrupt of this thread or of another one that uses the file.
                    interrupted |= Thread.interrupted();
                    reopen(current, e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized void reopen(FileChannel broken, ClosedChannelException cause) throws IOException {
        if (closed) {
            throw cause;
        }
        if (channel == broken) {
            FileChannel again = FileChannel.open(path, options);
            try {
                reopening.requireSame();
            } catch (IOException | RuntimeException e) {
                again.close();
                throw e;
            }
            channel = again;
        }
    }

    @FunctionalInterface
    private interface Access {
        void run(FileChannel file) throws IOException;
    }
}
