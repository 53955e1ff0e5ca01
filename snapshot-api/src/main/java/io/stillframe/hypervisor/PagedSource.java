package io.stillframe.hypervisor;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** A point in time of a simulated disk. */
final class PagedSource implements BlockSource {
    private final long size;
    private final PageTree pages;
    private final Runnable beforeAccess;
    private volatile boolean closed;

    /**
     * @param beforeAccess runs before each read and each walk over extents; throws if it must not happen
     */
    PagedSource(long size, PageTree pages, Runnable beforeAccess) {
        this.size = size;
        this.pages = pages;
        this.beforeAccess = beforeAccess;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        access();
        PagedDisk.checkRange(range, size);
        return new Extents(range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        access();
        PagedDisk.checkRange(position, target.remaining(), size);
        long at = position;
        while (target.hasRemaining()) {
            int offset = (int) (at % PageTree.PAGE);
            int length = Math.min(target.remaining(), PageTree.PAGE - offset);
            byte[] page = pages.get(at / PageTree.PAGE);
            target.put(page == null ? new byte[PageTree.PAGE] : page, offset, length);
            at += length;
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    private void access() {
        if (closed) {
            throw SnapshotException.invalid("this disk was closed before");
        }
        beforeAccess.run();
    }

    private final class Extents implements Iterator<Extent> {
        private final long end;
        private long at;

        Extents(ByteRange range) {
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
            long page = at / PageTree.PAGE;
            long endPage = (end - 1) / PageTree.PAGE + 1;
            boolean data = pages.get(page) != null;
            long next = data ? pages.nextHole(page, endPage) : pages.nextWritten(page, endPage);
            long until = next >= endPage ? end : next * PageTree.PAGE;
            Extent extent = new Extent(new ByteRange(at, until), data ? Extent.Kind.DATA : Extent.Kind.HOLE);
            at = until;
            return extent;
        }
    }
}
