package io.stillframe.image.pack;

import io.stillframe.image.Crc32c;
import java.nio.ByteBuffer;

/** Puts pages together, one after the other, chunk by chunk; takes the memory of one page. For one thread. */
final class PageBuilder {
    private final ChunkDigest digest;
    private final ByteBuffer bytes;
    private int number;
    private int first;
    private int chunks;
    private int runs;
    private int stored;
    private int runStart;
    private int runChunks;
    private int runPack;
    private long runEnd;

    PageBuilder(ChunkDigest digest) {
        this.digest = digest;
        this.bytes = PackFormat.allocate(PackFormat.largestPage(digest));
        start();
    }

    private void start() {
        bytes.clear().position(PackFormat.PAGE_FIXED - Integer.BYTES);
        chunks = 0;
        runs = 0;
        stored = 0;
        runPack = Run.NONE;
    }

    /** The chunk that is added next. */
    int next() {
        return first + chunks;
    }

    boolean full() {
        return stored == PackFormat.PAGE_ENTRIES || runs == PackFormat.PAGE_ENTRIES;
    }

    boolean empty() {
        return chunks == 0;
    }

    void addZeros(int count) {
        if (runPack != Run.ZERO) {
            startRun(Run.ZERO, 0);
        }
        runChunks += count;
        chunks += count;
    }

    void addStored(StoredChunk chunk, byte[] digests, int digestOffset) {
        if (runPack != chunk.pack() || runEnd != chunk.offset()) {
            startRun(chunk.pack(), chunk.offset());
        }
        bytes.putInt(chunk.stored()).putInt(chunk.checksum()).put(digests, digestOffset, digest.length());
        runEnd = chunk.offset() + chunk.stored();
        runChunks++;
        chunks++;
        stored++;
    }

    private void startRun(int pack, long offset) {
        closeRun();
        runStart = bytes.position();
        runPack = pack;
        runChunks = 0;
        boolean zero = pack == Run.ZERO;
        bytes.put((byte) (zero ? PackFormat.ZERO_RUN : PackFormat.STORED_RUN))
                .put((byte) 0)
                .putShort((short) (zero ? 0 : pack))
                .putInt(0)
                .putLong(offset);
        runs++;
    }

    private void closeRun() {
        if (runPack != Run.NONE) {
            bytes.putInt(runStart + Integer.BYTES, runChunks);
        }
    }

    /** The page's frame, valid until something is added to the next page, which begins behind it. */
    ByteBuffer finish() {
        closeRun();
        int length = bytes.position() + Integer.BYTES;
        bytes.putInt(0, PackFormat.PAGE_FRAME)
                .putInt(4, length - PackFormat.FRAME_HEADER)
                .putInt(8, number)
                .putInt(12, first)
                .putInt(16, chunks)
                .putInt(20, runs)
                .putInt(24, stored);
        bytes.putInt(Crc32c.of(bytes.duplicate().flip()));
        return bytes.flip();
    }

    /** What the directory says of the finished page at {@code offset}; begins the next one. */
    PageReference reference(long offset) {
        int length = bytes.limit();
        PageReference reference =
                new PageReference(offset, length, bytes.getInt(length - Integer.BYTES), first, chunks, stored);
        first += chunks;
        number++;
        start();
        return reference;
    }

    /** Packs that are none. */
    private static final class Run {
        static final int NONE = -2;
        static final int ZERO = -1;
    }
}
