package io.stillframe.image;

import io.stillframe.internal.image.Zeros;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A new disk as an uncompressed qcow2 file, for instances that run from it: clusters that are all zero stay unallocated. Owns two
 * chunks of 1 MiB of direct memory. For one thread at a time.
 */
public final class Qcow2FileTarget implements BlockTarget {
    private final Path path;
    private final long size;
    private final ImageWriter writer;
    private final ChunkEncoder encoder;
    private final DirectMemory memory = new DirectMemory();
    private final ByteBuffer chunk;
    private final ByteBuffer stored;
    private final SparseFileOutput output;
    private final ByteSink body = new Body();

    /** End of the last write. */
    private long written;

    /** End of what the writer has got. */
    private long appended;

    /** Where the chunk that is being filled lies; its bytes outside of what was written are zero. */
    private long chunkStart;

    private boolean chunkUsed;
    private long end;
    private boolean finished;
    private boolean closed;

    private Qcow2FileTarget(Path path, long size, ImageWriter writer, FileChannel channel) {
        this.path = path;
        this.size = size;
        this.writer = writer;
        this.output = new SparseFileOutput(path, channel);
        this.encoder = writer.newEncoder();
        this.chunk = memory.allocate(writer.chunkSize());
        this.stored = memory.allocate(writer.maxEncodedSize());
        this.end = writer.headLength();
        writer.begin(body);
    }

    /**
     * Makes a new file.
     *
     * @param path must not exist yet
     * @param size bytes of the disk, at least 0
     * @return closed by the caller, which removes the file unless it was finished
     * @throws SnapshotException CONFLICT if the file exists; PERMANENT if it cannot be made; INVALID if the size is out of range
     */
    public static Qcow2FileTarget create(Path path, long size) {
        ImageSpec spec = ImageSpec.ofSize(size).withCompression(Compression.parse("none"));
        ImageWriter writer = Plugins.codec("qcow2").newWriter(spec);
        try {
            return new Qcow2FileTarget(
                    path,
                    size,
                    writer,
                    FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
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
        written = position;
        while (source.hasRemaining()) {
            fillChunk(source);
        }
    }

    private void fillChunk(ByteBuffer source) {
        long start = written & -(long) chunk.capacity();
        if (!chunkUsed || start != chunkStart) {
            appendChunk();
            chunkStart = start;
            chunkUsed = true;
            Zeros.fill(chunk, 0, chunk.capacity());
        }
        int offset = (int) (written - start);
        int length = Math.min(source.remaining(), chunk.capacity() - offset);
        chunk.put(offset, source, source.position(), length);
        source.position(source.position() + length);
        written += length;
    }

    private void appendChunk() {
        if (!chunkUsed) {
            return;
        }
        appendZerosUpTo(chunkStart);
        int length = (int) Math.min(chunk.capacity(), size - chunkStart);
        writer.append(encoder.encode(chunkStart, chunk.limit(length).position(0), stored.clear()), body);
        chunk.clear();
        appended = chunkStart + length;
        chunkUsed = false;
    }

    private void appendZerosUpTo(long position) {
        if (appended < position) {
            writer.appendZeros(new ByteRange(appended, position), body);
            appended = position;
        }
    }

    @Override
    public void finish() {
        if (finished) {
            throw SnapshotException.invalid("the disk " + path + " is finished already");
        }
        appendChunk();
        appendZerosUpTo(size);
        output.write(0, writer.finish(body));
        output.finish(end);
        try {
            DirectorySync.sync(path.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw SnapshotException.permanent("the name of " + path + " cannot be made durable: " + e, e);
        }
        finished = true;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        encoder.close();
        writer.close();
        memory.close();
        output.close();
        if (!finished) {
            output.delete();
        }
    }

    private final class Body implements ByteSink {
        @Override
        public void write(ByteBuffer source) {
            long at = end;
            end += source.remaining();
            output.write(at, source);
        }

        @Override
        public void writeZeros(long count) {
            end += count;
        }
    }
}
