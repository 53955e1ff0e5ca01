package io.stillframe.image.pack;

import io.stillframe.internal.image.ReaderPool;
import io.stillframe.internal.image.Zeros;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A disk read from the packs that its chunks lie in. Every frame's checksum is checked before it is decompressed, straight into the
 * caller's buffer if that is direct and takes the whole chunk. Packs are opened when the first chunk in them is read.
 *
 * <p>Each reading thread borrows a decoder; up to eight idle ones keep the chunk that they decompressed last, so that small reads one
 * after the other decompress a chunk once.
 */
public final class PackedDisk implements BlockSource {
    private static final int MOST_IDLE = 8;

    private final IndexedDisk disk;
    private final OpenPacks packs;
    private final Runnable closing;
    private final ReaderPool<FrameReader> readers = new ReaderPool<>(FrameReader::new, MOST_IDLE);

    /** @param closing frees what belongs to this disk beside the packs that it opened */
    PackedDisk(IndexedDisk disk, PackResolver resolver, Runnable closing) {
        this.disk = disk;
        this.packs = new OpenPacks(disk.file(), resolver);
        this.closing = closing;
    }

    /**
     * Opens a disk of a manifest or pack.
     *
     * @param disk stays usable as long as the file that it came from is open
     * @param resolver opens the packs that it needs, from several threads; they belong to the disk, which closes them
     * @return closed by the caller, before the file that {@code disk} came from
     */
    public static PackedDisk open(IndexedDisk disk, PackResolver resolver) {
        return new PackedDisk(disk, resolver, () -> {});
    }

    @Override
    public long size() {
        return disk.size();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        disk.requireInside(range);
        return new Runs(range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        ByteRange range = ByteRange.ofLength(position, target.remaining());
        disk.requireInside(range);
        packs.requireOpen();
        IndexedDisk.Walk walk = disk.walk(range);
        long at = position;
        while (target.hasRemaining()) {
            walk.locate();
            int before = target.remaining();
            if (walk.zero()) {
                long end = (long) walk.skipRun() * disk.chunkSize();
                Zeros.put(target, (int) Math.min(end - at, before));
            } else {
                readChunk(walk, (int) (at - (long) walk.chunk() * disk.chunkSize()), range.end(), target);
                walk.skipChunk();
            }
            at += before - target.remaining();
        }
    }

    private void readChunk(IndexedDisk.Walk walk, int from, long end, ByteBuffer target) {
        int chunk = walk.chunk();
        StoredChunk frame = walk.stored();
        int count = Math.min(frame.raw() - from, target.remaining());
        FrameReader reader = readers.borrow(known -> known.keeps(chunk) || known.holds(frame));
        try {
            if (reader.keeps(chunk)) {
                target.put(reader.kept().slice(from, count));
                return;
            }
            ByteSource pack = packs.get(frame.pack());
            long fetchEnd = fetchEnd(walk, frame, end);
            if (count == frame.raw() && target.isDirect()) {
                reader.decode(pack, frame, chunk, fetchEnd, target);
            } else {
                reader.keep(pack, frame, chunk, fetchEnd);
                target.put(reader.kept().slice(from, count));
            }
        } finally {
            readers.giveBack(reader);
        }
    }

    /** Where the last frame ends that lies behind this one without gap and is needed by the same read. */
    private long fetchEnd(IndexedDisk.Walk walk, StoredChunk frame, long end) {
        int last = (int) PackFormat.chunks(end, disk.chunkSize());
        int stop = Math.min(last, walk.page().runEnd(walk.run()));
        long fetchEnd = frame.end();
        for (int next = walk.chunk() + 1; next < stop; next++) {
            long nextEnd = walk.page().chunk(walk.run(), next).end();
            if (nextEnd - frame.offset() > FrameReader.WINDOW) {
                break;
            }
            fetchEnd = nextEnd;
        }
        return fetchEnd;
    }

    @Override
    public void close() {
        try {
            readers.close();
            packs.close();
        } finally {
            closing.run();
        }
    }

    /** The index's runs as extents. */
    private final class Runs implements Iterator<Extent> {
        private final ByteRange range;
        private final IndexedDisk.Walk walk;
        private long at;

        Runs(ByteRange range) {
            this.range = range;
            this.walk = disk.walk(range);
            this.at = range.start();
        }

        @Override
        public boolean hasNext() {
            return at < range.end();
        }

        @Override
        public Extent next() {
            if (!hasNext()) {
                throw new NoSuchElementException("the range ends at " + range.end());
            }
            walk.locate();
            boolean zero = walk.zero();
            long start = at;
            at = Math.min(range.end(), (long) walk.skipRun() * disk.chunkSize());
            return new Extent(new ByteRange(start, at), zero ? Extent.Kind.ZERO : Extent.Kind.DATA);
        }
    }
}
