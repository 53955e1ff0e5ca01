package io.stillframe.internal.frame;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A disk in frames. Each reading thread borrows a reader; idle ones keep the frame that they decoded last, so that small reads one
 * after the other decode a frame once.
 */
public final class FrameBlocks implements BlockSource {
    private static final int MOST_IDLE = 8;

    private final ByteSource image;
    private final FrameTable frames;
    private final Supplier<Decompressor> decompressors;
    private final Deque<FrameReader> idle = new ArrayDeque<>();

    /**
     * @param image owned by this object
     * @param decompressors makes a new one for each thread that reads at the same time
     */
    public FrameBlocks(ByteSource image, FrameTable frames, Supplier<Decompressor> decompressors) {
        this.image = image;
        this.frames = frames;
        this.decompressors = decompressors;
    }

    @Override
    public long size() {
        return frames.diskEnd();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        requireInside(range);
        return new FrameExtents(range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        ByteRange range = ByteRange.ofLength(position, target.remaining());
        requireInside(range);
        if (range.isEmpty()) {
            return;
        }
        long at = position;
        for (FrameTable.Cursor frame = frames.find(position); target.hasRemaining(); frame.next()) {
            int from = (int) (at - frame.start());
            int count = Math.min(frame.length() - from, target.remaining());
            readFrame(frame, from, count, target);
            at += count;
        }
    }

    private void readFrame(FrameTable.Cursor frame, int from, int count, ByteBuffer target) {
        if (count == 0) {
            return;
        }
        if (frame.zero()) {
            putZeros(target, count);
            return;
        }
        FrameReader reader = borrow(frame);
        try {
            if (count == frame.length() && target.isDirect() && !reader.keeps(frame)) {
                reader.decodeInto(frame, target);
            } else {
                target.put(reader.decode(frame).slice(from, count));
            }
        } finally {
            giveBack(reader);
        }
    }

    private static void putZeros(ByteBuffer target, int count) {
        byte[] zeros = new byte[Math.min(count, 64 * 1024)];
        for (int left = count; left > 0; left -= zeros.length) {
            target.put(zeros, 0, Math.min(left, zeros.length));
        }
    }

    private FrameReader borrow(FrameTable.Cursor frame) {
        synchronized (idle) {
            Optional<FrameReader> keeping =
                    idle.stream().filter(reader -> reader.keeps(frame)).findFirst();
            FrameReader reader = keeping.orElseGet(idle::peekLast);
            if (reader != null) {
                idle.remove(reader);
                return reader;
            }
        }
        return new FrameReader(image, decompressors.get());
    }

    private void giveBack(FrameReader reader) {
        synchronized (idle) {
            if (idle.size() < MOST_IDLE) {
                idle.addFirst(reader);
                return;
            }
        }
        reader.close();
    }

    private void requireInside(ByteRange range) {
        if (range.end() > size()) {
            throw SnapshotException.invalid(
                    "range " + range + " exceeds the disk of " + size() + " bytes in " + image.describe());
        }
    }

    @Override
    public void close() {
        synchronized (idle) {
            idle.forEach(FrameReader::close);
            idle.clear();
        }
        image.close();
    }

    /** Neighbouring frames of one kind as one extent. */
    private final class FrameExtents implements Iterator<Extent> {
        private final long end;
        private final FrameTable.Cursor frame;
        private long at;

        FrameExtents(ByteRange range) {
            this.at = range.start();
            this.end = range.end();
            this.frame = range.isEmpty() ? frames.first() : frames.find(at);
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
            long start = at;
            boolean zero = frame.zero();
            while (at < end && (frame.zero() == zero || frame.length() == 0)) {
                at = Math.min(end, frame.end());
                if (at < end) {
                    frame.next();
                }
            }
            return new Extent(new ByteRange(start, at), zero ? Extent.Kind.ZERO : Extent.Kind.DATA);
        }
    }
}
