package io.stillframe.image;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.Extent;
import io.stillframe.spi.SparseFileProbe;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Walks a sparse file's regions, one question to the operating system for each. */
final class SparseExtents implements Iterator<Extent> {
    private final SparseFileProbe.Regions regions;
    private final long end;
    private long at;

    SparseExtents(SparseFileProbe.Regions regions, ByteRange range) {
        this.regions = regions;
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
        long data = Math.min(regions.nextData(at), end);
        return data > at ? advance(data, Extent.Kind.HOLE) : advance(holeBehind(data), Extent.Kind.DATA);
    }

    /** A file that is being punched may have no data left here; what is asked for is then taken as data, which is always right. */
    private long holeBehind(long data) {
        long hole = regions.nextHole(data);
        return hole > data && hole < end ? hole : end;
    }

    private Extent advance(long to, Extent.Kind kind) {
        Extent extent = new Extent(new ByteRange(at, to), kind);
        at = to;
        return extent;
    }
}
