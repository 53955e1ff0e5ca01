package io.stillframe.image;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.SparseFileProbe;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * A local file's or block device's bytes. Reads are positional and run in parallel.
 *
 * <p>The JDK closes a file channel for everybody when one reading thread is interrupted. Here the read is finished on a channel that is
 * opened anew, the interrupt flag stays set, and the other threads notice nothing. A file that was replaced in between is CONFLICT.
 */
public final class FileByteSource implements ByteSource {
    private final Path path;
    private final long size;
    private final @Nullable Object fileKey;
    private final boolean regular;
    private Optional<SparseFileProbe.Regions> regions = Optional.empty();
    private boolean probed;
    private volatile FileChannel channel;
    private volatile boolean closed;

    private FileByteSource(Path path, FileChannel channel) throws IOException {
        this.path = path;
        this.channel = channel;
        this.size = channel.size();
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        this.fileKey = attributes.fileKey();
        this.regular = attributes.isRegularFile();
    }

    /**
     * Opens a file.
     *
     * @return closed by the caller
     * @throws SnapshotException NOT_FOUND if there is none; PERMANENT if it cannot be opened
     */
    public static FileByteSource open(Path path) {
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            try {
                return new FileByteSource(path, channel);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new SnapshotException(SnapshotException.Kind.NOT_FOUND, "there is no file " + path, e);
        } catch (IOException e) {
            throw SnapshotException.permanent(path + " cannot be opened for reading: " + e, e);
        }
    }

    /** Found out when it is first asked for: most formats have tables of their own. */
    private synchronized Optional<SparseFileProbe.Regions> regions() {
        if (closed) {
            throw SnapshotException.invalid(path + " is closed");
        }
        if (regular && !probed) {
            regions = probe();
            probed = true;
        }
        return regions;
    }

    private Optional<SparseFileProbe.Regions> probe() {
        for (SparseFileProbe probe : ServiceLoader.load(SparseFileProbe.class)) {
            Optional<SparseFileProbe.Regions> found = probe.open(path);
            if (found.isPresent()) {
                requireSameFile(found.get());
                return found;
            }
        }
        return Optional.empty();
    }

    /** The regions were opened by name, which may mean another file by now. */
    private void requireSameFile(SparseFileProbe.Regions opened) {
        try {
            requireKey();
        } catch (IOException e) {
            opened.close();
            throw SnapshotException.permanent(path + " cannot be looked at: " + e.getMessage(), e);
        } catch (SnapshotException e) {
            opened.close();
            throw e;
        }
    }

    private void requireKey() throws IOException {
        Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        if (!Objects.equals(key, fileKey)) {
            throw SnapshotException.conflict(path + " was replaced while it was read");
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer target) {
        if (position < 0 || position > size - target.remaining()) {
            throw SnapshotException.invalid(
                    target.remaining() + " bytes from " + position + " exceed the " + size + " bytes of " + path);
        }
        boolean interrupted = Thread.interrupted();
        try {
            long at = position;
            while (target.hasRemaining()) {
                FileChannel current = channel;
                try {
                    int count = current.read(target, at);
                    requireNotShortened(count, at);
                    at += count;
                } catch (ClosedChannelException e) {
                    interrupted |= Thread.interrupted();
                    reopen(current, e);
                }
            }
        } catch (IOException e) {
            throw SnapshotException.permanent("reading " + path + " at " + position + " failed: " + e.getMessage(), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void requireNotShortened(int count, long at) {
        if (count < 0) {
            throw SnapshotException.conflict(path + " had " + size + " bytes when it was opened and now ends before "
                    + at + "; it must not change while it is read");
        }
    }

    private synchronized void reopen(FileChannel broken, ClosedChannelException cause) throws IOException {
        if (closed) {
            throw SnapshotException.permanent(path + " was closed while it was read", cause);
        }
        if (channel != broken) {
            return;
        }
        FileChannel fresh = FileChannel.open(path, StandardOpenOption.READ);
        try {
            requireKey();
        } catch (IOException | SnapshotException e) {
            fresh.close();
            throw e;
        }
        channel = fresh;
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        Optional<SparseFileProbe.Regions> known = regions();
        return known.isPresent() && range.end() <= size
                ? new SparseExtents(known.get(), range)
                : ByteSource.super.extents(range);
    }

    @Override
    public String describe() {
        return path.toString();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        regions.ifPresent(SparseFileProbe.Regions::close);
        try {
            channel.close();
        } catch (IOException e) {
            throw SnapshotException.permanent("closing " + path + " failed: " + e.getMessage(), e);
        }
    }
}
