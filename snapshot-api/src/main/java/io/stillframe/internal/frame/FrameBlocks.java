package io.stillframe.internal.frame;

import io.stillframe.internal.image.BoundedReads;
import io.stillframe.internal.image.ReaderPool;
import io.stillframe.internal.image.Zeros;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Supplier;

/**
 * A disk in frames. Each reading thread borrows a reader; idle ones keep the frame that they decoded last, so that small reads one
 * after the other decode a frame once.
 */
public final class FrameBlocks implements BlockSource {
    private static final int MOST_IDLE = 8;

    private final ByteSource image;
    private final FrameTable frames;
    private final ReaderPool<FrameReader> readers;

    /**
     * @param image owned by this object
     * @param decompressors makes a new one for each thread that reads at the same time
     */
    public FrameBlocks(ByteSource image, FrameTable frames, Supplier<Decompressor> decompressors) {
        this.image = image;
        this.frames = frames;
        this.readers = new ReaderPool<>(() -> new FrameReader(image, decompressors.get()), MOST_IDLE);
    }

    @Override
    public long size() {
        return frames.diskEnd();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        BoundedReads.requireInside(image, size(), range);
        return new FrameExtents(range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        ByteRange range = ByteRange.ofLength(position, target.remaining());
        BoundedReads.requireInside(image, size(), range);
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
            Zeros.put(target, count);
            return;
        }
        FrameReader reader = readers.borrow(known -> known.keeps(frame));
        try {
            if (count == frame.length() && target.isDirect() && !reader.keeps(frame)) {
                reader.decodeInto(frame, target);
            } else {
                target.put(reader.decode(frame).slice(from, count));
            }
        } finally {
            readers.giveBack(reader);
        }
    }

    @Override
    public void close() {
        try (image) {
            readers.close();
        }
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
