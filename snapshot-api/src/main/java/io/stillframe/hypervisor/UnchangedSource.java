package io.stillframe.hypervisor;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;

/**
 * A disk in files that must not change. They are looked at after each read and after each walk over extents, so that whatever was
 * handed out is what they held when the point in time began.
 */
final class UnchangedSource implements BlockSource {
    private final BlockSource disk;
    private final List<FileIdentity> files;

    /**
     * @param disk owned by this source from now on
     */
    UnchangedSource(BlockSource disk, List<FileIdentity> files) {
        this.disk = disk;
        this.files = List.copyOf(files);
    }

    @Override
    public long size() {
        return disk.size();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        Iterator<Extent> extents = disk.extents(range);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                boolean more = extents.hasNext();
                if (!more) {
                    check();
                }
                return more;
            }

            @Override
            public Extent next() {
                return extents.next();
            }
        };
    }

    @Override
    public void read(long position, ByteBuffer target) {
        disk.read(position, target);
        check();
    }

    @Override
    public void close() {
        disk.close();
    }

    void check() {
        files.forEach(FileIdentity::checkUnchanged);
    }
}
