package io.stillframe.hypervisor;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;

/** The present content of a simulated disk. Guarded by its host's lock. */
final class PagedDisk {
    private final long size;
    private PageTree pages;

    PagedDisk(long size, PageTree pages) {
        this.size = size;
        this.pages = pages;
    }

    static PagedDisk empty(long size) {
        if (size <= 0) {
            throw SnapshotException.invalid("a disk needs more than 0 bytes, got " + size);
        }
        return new PagedDisk(size, PageTree.empty(size));
    }

    long size() {
        return size;
    }

    /** What it holds now; stays as it is while the disk is written to. */
    PageTree content() {
        return pages;
    }

    void write(long position, ByteBuffer source) {
        checkRange(position, source.remaining(), size);
        long at = position;
        while (source.hasRemaining()) {
            long page = at / PageTree.PAGE;
            int offset = (int) (at % PageTree.PAGE);
            int length = Math.min(source.remaining(), PageTree.PAGE - offset);
            byte[] old = pages.get(page);
            byte[] fresh = old == null ? new byte[PageTree.PAGE] : old.clone();
            source.get(fresh, offset, length);
            pages = pages.with(page, fresh);
            at += length;
        }
    }

    static void checkRange(long position, long length, long size) {
        if (position < 0 || length < 0 || position > size - length) {
            throw SnapshotException.invalid(
                    length + " bytes from " + position + " exceed the disk of " + size + " bytes");
        }
    }

    static void checkRange(ByteRange range, long size) {
        if (range.end() > size) {
            throw SnapshotException.invalid("range " + range + " exceeds the disk of " + size + " bytes");
        }
    }
}
