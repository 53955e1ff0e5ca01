package io.stillframe.hypervisor;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A disk in files that must not change. They are looked at after each read and after each walk over extents, so that whatever was
 * handed out is what they held when the point in time began.
 */
final class UnchangedSource implements BlockSource {
    private final BlockSource disk;
    private final List<HeldFile> files;

    /**
     * @param disk owned by this source from now on
     */
    UnchangedSource(BlockSource disk, List<FileIdentity> files) {
        this.disk = disk;
        this.files = files.stream().map(HeldFile::new).toList();
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
        files.forEach(HeldFile::check);
    }

    /** A disk is read in thousands of pieces: what was compared once is not put into words again. */
    private static final class HeldFile {
        private final FileIdentity identity;
        private final Path path;
        private volatile Optional<BasicFileAttributes> compared = Optional.empty();

        HeldFile(FileIdentity identity) {
            this.identity = identity;
            this.path = Path.of(identity.path());
        }

        void check() {
            BasicFileAttributes now = FileIdentity.attributes(path);
            if (compared.filter(before -> isSame(before, now)).isEmpty()) {
                identity.checkUnchanged(now);
                compared = Optional.of(now);
            }
        }

        private static boolean isSame(BasicFileAttributes before, BasicFileAttributes now) {
            return before.size() == now.size()
                    && before.lastModifiedTime().equals(now.lastModifiedTime())
                    && Objects.equals(before.fileKey(), now.fileKey());
        }
    }
}
