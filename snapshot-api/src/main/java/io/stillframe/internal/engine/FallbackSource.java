package io.stillframe.internal.engine;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.StoredExtent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stored disk of which several regions have a copy: reads the first one's, and from the first read that fails there on the next one's.
 * The copies are the same byte for byte, so that a read may go on anywhere.
 */
final class FallbackSource implements BlockSource {
    private static final Logger LOG = LoggerFactory.getLogger(FallbackSource.class);

    private final List<Copy> copies;
    private final List<BlockSource> opened = new ArrayList<>();
    private Current current;
    private boolean closed;

    /**
     * One region's copy.
     *
     * @param region where
     * @param open opens it
     */
    record Copy(String region, Supplier<BlockSource> open) {}

    private record Current(int index, BlockSource source) {}

    private FallbackSource(List<Copy> copies) {
        this.copies = copies;
        this.current = firstFrom(0);
    }

    /**
     * Opens the first copy that can be opened.
     *
     * @param copies at least one, in the order they are read
     * @throws SnapshotException the last one's if none can
     */
    static BlockSource open(List<Copy> copies) {
        return copies.size() == 1 ? copies.get(0).open().get() : new FallbackSource(copies);
    }

    @Override
    public long size() {
        return current().source().size();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        return new FallbackExtents(range);
    }

    @Override
    public Iterator<StoredExtent> storedExtents(ByteRange range) {
        return reading(source -> source.storedExtents(range));
    }

    @Override
    public void read(long position, ByteBuffer target) {
        int start = target.position();
        reading(source -> {
            target.position(start);
            source.read(position, target);
            return target;
        });
    }

    @Override
    public synchronized void close() {
        closed = true;
        SnapshotException first = null;
        for (BlockSource source : opened) {
            try {
                source.close();
            } catch (SnapshotException e) {
                first = first == null ? e : first;
            }
        }
        opened.clear();
        if (first != null) {
            throw first;
        }
    }

    private <T> T reading(Function<BlockSource, T> read) {
        Current at = current();
        while (true) {
            try {
                return read.apply(at.source());
            } catch (SnapshotException e) {
                at = after(at, e);
            }
        }
    }

    private synchronized Current current() {
        return current;
    }

    /** The next copy, unless the failure has another reason than this one. */
    private synchronized Current after(Current failed, SnapshotException why) {
        // What fails since it was closed must open nothing that nobody would close.
        if (closed || isOfTheReader(why)) {
            throw why;
        }
        if (current.index() > failed.index()) {
            return current;
        }
        if (failed.index() + 1 == copies.size()) {
            throw why;
        }
        warn(failed.index(), why);
        current = firstFrom(failed.index() + 1);
        return current;
    }

    private Current firstFrom(int first) {
        for (int index = first; ; index++) {
            try {
                BlockSource source = copies.get(index).open().get();
                opened.add(source);
                return new Current(index, source);
            } catch (SnapshotException e) {
                if (isOfTheReader(e) || index + 1 == copies.size()) {
                    throw e;
                }
                warn(index, e);
            }
        }
    }

    private void warn(int failed, SnapshotException why) {
        LOG.warn(
                "the copy in region {} cannot be read, going on with the one in {}; repair the snapshot: {}",
                copies.get(failed).region(),
                copies.get(failed + 1).region(),
                why.getMessage());
    }

    private static boolean isOfTheReader(SnapshotException e) {
        return e.kind() == Kind.INVALID || e.kind() == Kind.CANCELLED;
    }

    /** Goes on behind the last extent that was told. */
    private final class FallbackExtents implements Iterator<Extent> {
        private final long end;
        private long position;
        private Current at;
        private Iterator<Extent> extents;

        FallbackExtents(ByteRange range) {
            this.position = range.start();
            this.end = range.end();
            this.at = current();
            this.extents = begin();
        }

        @Override
        public boolean hasNext() {
            return step(Iterator::hasNext);
        }

        @Override
        public Extent next() {
            Extent extent = step(Iterator::next);
            position = extent.range().end();
            return extent;
        }

        private <T> T step(Function<Iterator<Extent>, T> step) {
            while (true) {
                try {
                    return step.apply(extents);
                } catch (SnapshotException e) {
                    at = after(at, e);
                    extents = begin();
                }
            }
        }

        private Iterator<Extent> begin() {
            while (true) {
                try {
                    return at.source().extents(new ByteRange(position, end));
                } catch (SnapshotException e) {
                    at = after(at, e);
                }
            }
        }
    }
}
