package io.stillframe.benchmarks.ladder;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;

/** A disk in memory, data throughout. */
public final class SampleDisk implements BlockSource {
    private static final int PIECE = 1 << 20;

    private final ByteBuffer content;

    private SampleDisk(ByteBuffer content) {
        this.content = content;
    }

    /** Pieces of 1 MiB, taken evenly from a file that is at least as large. */
    public static SampleDisk of(Path file, int bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer content = ByteBuffer.allocateDirect((int) Math.min(bytes, channel.size()) / PIECE * PIECE);
            int pieces = content.capacity() / PIECE;
            for (int i = 0; i < pieces; i++) {
                long at = channel.size() / pieces * i;
                content.limit((i + 1) * PIECE);
                while (content.hasRemaining()) {
                    at += channel.read(content, at);
                }
            }
            return new SampleDisk(content);
        }
    }

    /** Bytes that become about half as large: a random byte, then one that is often the same. */
    public static SampleDisk seeded(int bytes, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ByteBuffer content = ByteBuffer.allocateDirect(bytes);
        byte[] word = new byte[16];
        while (content.remaining() >= 2 * word.length) {
            random.nextBytes(word);
            content.put(word).put(word);
        }
        return new SampleDisk(content.position(bytes));
    }

    /** The bytes of one chunk, as a view. */
    public ByteBuffer chunk(int offset, int length) {
        return content.slice(offset, length);
    }

    @Override
    public long size() {
        return content.capacity();
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        return range.isEmpty()
                ? Collections.emptyIterator()
                : List.of(new Extent(range, Extent.Kind.DATA)).iterator();
    }

    @Override
    public void read(long position, ByteBuffer target) {
        if (position < 0 || position > size() - target.remaining()) {
            throw SnapshotException.invalid(target.remaining() + " bytes at " + position + " exceed " + size());
        }
        target.put(content.slice((int) position, target.remaining()));
    }

    @Override
    public void close() {}
}
