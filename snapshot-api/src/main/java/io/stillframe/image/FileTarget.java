package io.stillframe.image;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes a stored image to a local file. The bytes go to a temporary file beside it, which {@link #publish} makes durable and moves
 * into place; without that nothing of it stays. Blocks of zeros are left as holes. For one thread at a time.
 */
public final class FileTarget implements StreamTarget, AutoCloseable {
    private final Path path;
    private final Path temporary;
    private final SparseFileOutput output;
    private int headLength;
    private long end;
    private boolean ended;

    private FileTarget(Path path, Path temporary, FileChannel channel) {
        this.path = path;
        this.temporary = temporary;
        this.output = new SparseFileOutput(temporary, channel);
    }

    /**
     * Starts a file.
     *
     * @param path where the image will appear, replacing a file that is there; a symbolic link is followed
     * @return closed by the caller
     * @throws SnapshotException INVALID if something other than a regular file is there, such as a device; PERMANENT if the directory
     *     cannot be written to
     */
    public static FileTarget create(Path path) {
        Path absolute = destination(path);
        Path temporary = absolute.resolveSibling("." + absolute.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            return new FileTarget(
                    absolute,
                    temporary,
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        } catch (IOException e) {
            throw SnapshotException.permanent(
                    "no file can be made in " + absolute.getParent() + " for " + path + ": " + e, e);
        }
    }

    private static Path destination(Path path) {
        try {
            if (!Files.exists(path)) {
                return path.toAbsolutePath();
            }
            if (!Files.isRegularFile(path)) {
                throw SnapshotException.invalid(path + " is not a regular file, so an image cannot replace it");
            }
            return path.toRealPath();
        } catch (IOException e) {
            throw SnapshotException.permanent(path + " cannot be looked at: " + e, e);
        }
    }

    @Override
    public void begin(int length) {
        headLength = length;
        end = length;
    }

    @Override
    public void body(ByteBuffer bytes) {
        long at = end;
        end += bytes.remaining();
        output.write(at, bytes);
    }

    @Override
    public void bodyZeros(long count) {
        end += count;
    }

    /**
     * Fills in bytes of the body that were left out with {@link #bodyZeros} because they were not known then.
     *
     * @param position where in the file, head included; the place ends no later than the body
     * @param bytes all remaining ones are written
     */
    public void fill(long position, ByteBuffer bytes) {
        if (position < headLength || position > end - bytes.remaining()) {
            throw SnapshotException.invalid(bytes.remaining() + " bytes at " + position + " are not within the body, ["
                    + headLength + ", " + end + ")");
        }
        output.write(position, bytes);
    }

    @Override
    public void head(ByteBuffer head) {
        if (head.remaining() != headLength) {
            throw SnapshotException.invalid(
                    "the head was announced with " + headLength + " bytes and has " + head.remaining());
        }
        output.write(0, head);
    }

    /** Makes the file durable and lets it appear under its name. Nothing can be written after it. */
    public void publish() {
        output.finish(end);
        output.close();
        try {
            move();
            DirectorySync.sync(path.getParent());
            ended = true;
        } catch (IOException e) {
            throw SnapshotException.permanent(temporary + " cannot be moved to " + path + ": " + e, e);
        }
    }

    private void move() throws IOException {
        try {
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, path, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Removes the temporary file, unless the image was published. Idempotent. */
    @Override
    public void close() {
        output.close();
        if (!ended) {
            ended = true;
            output.delete();
        }
    }
}
