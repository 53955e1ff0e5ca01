package io.stillframe.image;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A new disk as a sparse raw file. Zeros that are written are left as holes. For one thread at a time. */
public final class RawFileTarget implements BlockTarget {
    private final Path path;
    private final long size;
    private final SparseFileOutput output;
    private long written;
    private boolean finished;
    private boolean closed;

    private RawFileTarget(Path path, long size, FileChannel channel) {
        this.path = path;
        this.size = size;
        this.output = new SparseFileOutput(path, channel);
    }

    /**
     * Makes a new file.
     *
     * @param path must not exist yet
     * @param size bytes of the disk, at least 0
     * @return closed by the caller, which removes the file unless it was finished
     * @throws SnapshotException CONFLICT if the file exists; PERMANENT if it cannot be made
     */
    public static RawFileTarget create(Path path, long size) {
        if (size < 0) {
            throw SnapshotException.invalid("a disk's size must be at least 0 bytes, got " + size);
        }
        try {
            return new RawFileTarget(
                    path, size, FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        } catch (FileAlreadyExistsException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.CONFLICT, path + " exists; remove it or choose another name", e);
        } catch (IOException e) {
            throw SnapshotException.permanent("the new disk " + path + " cannot be made: " + e, e);
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void write(long position, ByteBuffer source) {
        if (finished) {
            throw SnapshotException.invalid("the disk " + path + " is finished and takes no more writes");
        }
        if (position < written || position > size - source.remaining()) {
            throw SnapshotException.invalid("a write of " + source.remaining() + " bytes at " + position
                    + " must lie within [" + written + ", " + size + ") of the disk " + path);
        }
        written = position + source.remaining();
        output.write(position, source);
    }

    @Override
    public void finish() {
        output.finish(size);
        try {
            DirectorySync.sync(path.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw SnapshotException.permanent("the name of " + path + " cannot be made durable: " + e, e);
        }
        finished = true;
    }

    @Override
    public void close() {
        output.close();
        if (!finished && !closed) {
            output.delete();
        }
        closed = true;
    }
}
