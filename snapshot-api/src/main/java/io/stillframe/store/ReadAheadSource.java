package io.stillframe.store;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Reads another source ahead, in large blocks and several at once, for as long as it is read about in order, also by several threads
 * side by side. A read elsewhere, or of more than all blocks together, goes straight
 * through. What could not be read ahead is read when it is asked for, so that faults are
 * those of the reader's own call.
 *
 * <p>Memory: at most {@code (2 * blocks + 2) * blockSize}, given back with {@link #close}.
 */
public final class ReadAheadSource implements ByteSource {
    private static final long IDLE_SECONDS = 10;

    private final ByteSource source;
    private final int blockSize;
    private final int blocks;
    private final ThreadPoolExecutor readers;
    /** By the block's number, least recently used first. */
    private final LinkedHashMap<Long, CompletableFuture<ByteBuffer>> ahead = new LinkedHashMap<>(16, 0.75f, true);

    private long expected = -1;

    private ReadAheadSource(ByteSource source, int blockSize, int blocks) {
        this.source = source;
        this.blockSize = blockSize;
        this.blocks = blocks;
        this.readers = new ThreadPoolExecutor(
                blocks, blocks, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "stillframe-read-ahead");
                    thread.setDaemon(true);
                    return thread;
                });
        readers.allowCoreThreadTimeOut(true);
    }

    /**
     * A source that reads {@code source} ahead, and closes it with itself.
     *
     * @param blockSize bytes of one read, 64 KiB to 64 MiB
     * @param blocks how many reads are made ahead and at once, 1 to 64
     */
    public static ReadAheadSource around(ByteSource source, int blockSize, int blocks) {
        if (blockSize < 64 << 10 || blockSize > 64 << 20 || blocks < 1 || blocks > 64) {
            throw SnapshotException.invalid("reading ahead takes 1 to 64 blocks of 64 KiB to 64 MiB, got " + blocks
                    + " of " + blockSize + " bytes");
        }
        return new ReadAheadSource(source, blockSize, blocks);
    }

    @Override
    public long size() {
        return source.size();
    }

    @Override
    public void read(long position, ByteBuffer target) {
        ByteRange range = ByteRange.ofLength(position, target.remaining());
        if (range.isEmpty() || range.end() > size() || !goesOn(range)) {
            source.read(position, target);
            return;
        }
        ByteBuffer into = target.duplicate();
        long at = position;
        while (into.hasRemaining()) {
            long number = at / blockSize;
            ByteBuffer block = block(number).duplicate();
            block.position((int) (at - number * blockSize));
            block.limit(Math.min(block.limit(), block.position() + into.remaining()));
            at += block.remaining();
            into.put(block);
        }
        target.position(target.limit());
    }

    /** Whether the read is near where one in order would be; the blocks after it are then on their way. */
    private boolean goesOn(ByteRange range) {
        synchronized (ahead) {
            long window = (long) blocks * blockSize;
            boolean near = expected >= 0 && Math.abs(range.start() - expected) <= window && range.length() <= window;
            expected = near ? Math.max(expected, range.end()) : range.end();
            if (!near) {
                return false;
            }
            long first = range.start() / blockSize;
            long last = Math.min((size() - 1) / blockSize, (range.end() - 1) / blockSize + blocks);
            for (long number = first; number <= last; number++) {
                CompletableFuture<ByteBuffer> unused = fetch(number);
            }
            forget();
            return true;
        }
    }

    private CompletableFuture<ByteBuffer> fetch(long number) {
        CompletableFuture<ByteBuffer> known = ahead.get(number);
        if (known == null) {
            known = CompletableFuture.supplyAsync(() -> load(number), readers);
            ahead.put(number, known);
        }
        return known;
    }

    private void forget() {
        Iterator<Map.Entry<Long, CompletableFuture<ByteBuffer>>> oldest =
                ahead.entrySet().iterator();
        while (ahead.size() > 2 * blocks + 2) {
            oldest.next();
            oldest.remove();
        }
    }

    private ByteBuffer block(long number) {
        CompletableFuture<ByteBuffer> known;
        synchronized (ahead) {
            known = fetch(number);
        }
        try {
            return known.get();
        } catch (ExecutionException e) {
            synchronized (ahead) {
                ahead.remove(number, known);
            }
            return load(number);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(Kind.CANCELLED, "interrupted while reading " + describe(), e);
        }
    }

    private ByteBuffer load(long number) {
        long start = number * blockSize;
        ByteBuffer block = ByteBuffer.allocate((int) Math.min(blockSize, size() - start));
        source.read(start, block);
        return block.flip();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        return source.extents(range);
    }

    @Override
    public String describe() {
        return source.describe();
    }

    @Override
    public void close() {
        end(readers);
        synchronized (ahead) {
            ahead.clear();
        }
        source.close();
    }

    private static void end(ExecutorService readers) {
        readers.shutdownNow();
        boolean interrupted = false;
        try {
            while (!readers.awaitTermination(1, TimeUnit.SECONDS)) {
                // A read that is under way ends by an interrupt, or by its store's own time limit.
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
