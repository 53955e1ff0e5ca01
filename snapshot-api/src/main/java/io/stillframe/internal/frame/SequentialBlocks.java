package io.stillframe.internal.frame;

import io.stillframe.image.ZeroTest;
import io.stillframe.internal.image.BoundedReads;
import io.stillframe.internal.image.Zeros;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * A disk in a stream that can only be decoded front to back. Opening it decodes all of it once, to learn its size and where its zeros
 * are. Reads go through one decoder; what it gave last, up to 64 MiB, is kept, so that readers that run side by side through the disk
 * never make it go back. A read further back starts it anew.
 */
public final class SequentialBlocks implements BlockSource {
    /** Largest disk that is read so. */
    public static final long LARGEST = 1L << 44;

    private static final int PIECE = 1 << 20;
    private static final int KEPT = 64;

    private final ByteSource image;
    private final Function<InputStream, InputStream> decoding;
    private final BitSet data = new BitSet();
    private final ReentrantLock lock = new ReentrantLock(true);
    private final Deque<byte[]> kept = new ArrayDeque<>();
    private final long size;
    private InputStream decoder;
    private long next;

    private SequentialBlocks(ByteSource image, Function<InputStream, InputStream> decoding, Cancellation cancellation) {
        this.image = image;
        this.decoding = decoding;
        this.decoder = start();
        this.size = measure(cancellation);
        this.decoder = start();
    }

    /**
     * Decodes the whole stream once. An interrupt ends that as CANCELLED, too.
     *
     * @param image owned by the result, not by a call that throws
     * @param decoding starts a decoder, whose reads throw CORRUPT or UNSUPPORTED
     * @param cancellation asked between two pieces of the disk
     * @throws SnapshotException CANCELLED; CORRUPT; UNSUPPORTED also if the disk has more than {@link #LARGEST} bytes
     */
    public static SequentialBlocks open(
            ByteSource image, Function<InputStream, InputStream> decoding, Cancellation cancellation) {
        return new SequentialBlocks(image, decoding, cancellation);
    }

    private InputStream start() {
        return decoding.apply(new SourceInputStream(image));
    }

    private long measure(Cancellation cancellation) {
        byte[] piece = new byte[PIECE];
        long total = 0;
        for (int index = 0; ; index++) {
            cancellation.check();
            if (Thread.currentThread().isInterrupted()) {
                throw new SnapshotException(
                        SnapshotException.Kind.CANCELLED, "interrupted while decoding " + image.describe(), null);
            }
            int count = fill(piece);
            total += count;
            data.set(index, !ZeroTest.isZero(ByteBuffer.wrap(piece), 0, count));
            if (total > LARGEST) {
                throw SnapshotException.unsupported(image.describe() + " holds a disk of more than " + LARGEST
                        + " bytes; decompress it with the format's own tool");
            }
            if (count < PIECE) {
                return total;
            }
        }
    }

    private int fill(byte[] piece) {
        try {
            return decoder.readNBytes(piece, 0, piece.length);
        } catch (IOException e) {
            throw new UncheckedIOException("decoders throw no such thing", e);
        }
    }

    /** Bytes of disk in pieces of 1 MiB that are not zero throughout. */
    public long dataBytes() {
        long bytes = (long) data.cardinality() * PIECE;
        return size % PIECE != 0 && data.get((int) (size / PIECE)) ? bytes - PIECE + size % PIECE : bytes;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        BoundedReads.requireInside(image, size, range);
        return new PieceExtents(range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        BoundedReads.requireInside(image, size, position, target.remaining());
        long at = position;
        while (target.hasRemaining()) {
            int from = (int) (at % PIECE);
            int count = Math.min(PIECE - from, target.remaining());
            copy(at / PIECE, from, count, target);
            at += count;
        }
    }

    private void copy(long piece, int from, int count, ByteBuffer target) {
        if (!data.get((int) piece)) {
            Zeros.put(target, count);
            return;
        }
        lock.lock();
        try {
            target.put(piece(piece), from, count);
        } finally {
            lock.unlock();
        }
    }

    private byte[] piece(long wanted) {
        if (wanted < next - kept.size()) {
            kept.clear();
            next = 0;
            decoder = start();
        }
        while (next <= wanted) {
            byte[] piece = kept.size() < KEPT ? new byte[PIECE] : kept.removeFirst();
            if (fill(piece) < Math.min(PIECE, size - next * PIECE)) {
                throw SnapshotException.conflict(image.describe() + " changed while it was read");
            }
            kept.addLast(piece);
            next++;
        }
        Iterator<byte[]> backwards = kept.descendingIterator();
        for (long skipped = next - 1 - wanted; skipped > 0; skipped--) {
            backwards.next();
        }
        return backwards.next();
    }

    @Override
    public void close() {
        kept.clear();
        image.close();
    }

    /** Neighbouring pieces of one kind as one extent. */
    private final class PieceExtents implements Iterator<Extent> {
        private final long end;
        private long at;

        PieceExtents(ByteRange range) {
            this.at = range.start();
            this.end = range.end();
        }

        @Override
        public boolean hasNext() {
            return at < end;
        }

        @Override
        public Extent next() {
            if (!hasNext()) {
                throw new NoSuchElementException("the range ends at " + end);
            }
            int piece = (int) (at / PIECE);
            boolean isData = data.get(piece);
            int change = isData ? data.nextClearBit(piece) : data.nextSetBit(piece);
            long start = at;
            at = change < 0 ? end : Math.min(end, (long) change * PIECE);
            return new Extent(new ByteRange(start, at), isData ? Extent.Kind.DATA : Extent.Kind.ZERO);
        }
    }
}
