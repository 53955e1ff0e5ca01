package io.stillframe.libvirt.sparse;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.SparseFileProbe;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Asks the kernel through {@code lseek} with {@code SEEK_DATA} and {@code SEEK_HOLE} (Linux 3.1, lseek(2)); on 64-bit Linux only. A file
 * system without holes answers that everything is data, which is right.
 */
public final class SeekFileProbe implements SparseFileProbe {
    private static final int O_RDONLY_CLOEXEC = 0x80000;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int ENOENT = 2;
    private static final int ENXIO = 6;
    private static final int EINVAL = 22;

    @Override
    public Optional<Regions> open(Path file) {
        if (!Platform.isLinux() || Native.LONG_SIZE != Long.BYTES) {
            return Optional.empty();
        }
        LibC libc = LibC.load();
        SeekRegions regions = new SeekRegions(libc, descriptor(libc, file), file);
        if (regions.answers()) {
            return Optional.of(regions);
        }
        regions.close();
        return Optional.empty();
    }

    private static int descriptor(LibC libc, Path file) {
        try {
            return libc.open(file.toAbsolutePath().toString(), O_RDONLY_CLOEXEC);
        } catch (LastErrorException e) {
            SnapshotException.Kind kind =
                    e.getErrorCode() == ENOENT ? SnapshotException.Kind.NOT_FOUND : SnapshotException.Kind.PERMANENT;
            throw new SnapshotException(kind, file + " cannot be opened to find its holes: " + e.getMessage(), e);
        }
    }

    /** The calls that are needed of the C library; 64-bit. */
    interface LibC extends Library {
        int open(String path, int flags) throws LastErrorException;

        long lseek(int descriptor, long offset, int whence) throws LastErrorException;

        int close(int descriptor) throws LastErrorException;

        /** File names are given to the kernel as the JDK gives them. */
        static LibC load() {
            String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
            return Native.load("c", LibC.class, Map.of(Library.OPTION_STRING_ENCODING, encoding));
        }
    }

    private static final class SeekRegions implements Regions {
        private final LibC libc;
        private final int descriptor;
        private final Path file;
        private boolean closed;

        /** @param descriptor owned by this object */
        SeekRegions(LibC libc, int descriptor, Path file) {
            this.libc = libc;
            this.descriptor = descriptor;
            this.file = file;
        }

        /** Whether kernel and file system know these calls. */
        boolean answers() {
            try {
                libc.lseek(descriptor, 0, SEEK_DATA);
                return true;
            } catch (LastErrorException e) {
                return e.getErrorCode() != EINVAL;
            }
        }

        @Override
        public long nextData(long from) {
            return seek(from, SEEK_DATA);
        }

        @Override
        public long nextHole(long from) {
            return seek(from, SEEK_HOLE);
        }

        private long seek(long from, int whence) {
            if (from < 0) {
                throw SnapshotException.invalid("a file's regions begin at 0, asked was from " + from);
            }
            try {
                return libc.lseek(descriptor, from, whence);
            } catch (LastErrorException e) {
                if (e.getErrorCode() == ENXIO) {
                    return Long.MAX_VALUE;
                }
                throw SnapshotException.permanent(
                        "finding the holes of " + file + " from " + from + " failed: " + e.getMessage(), e);
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                libc.close(descriptor);
            }
        }
    }
}
