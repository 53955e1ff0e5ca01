package io.stillframe.internal.image;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Lays a disk's blocks into a stream in disk order, each one whole, and only those with data; so where a block lies follows from how many
 * come before it, and one bit for each block is all that is kept. For one thread at a time.
 */
public final class BlockLayout {
    private static final int NONE = -1;

    private final String format;
    private final long virtualSize;
    private final int blockSize;
    private final int chunkSize;
    private final byte[] prefix;
    private final int padding;
    private final ContentIdentity identity;
    private final BitSet stored = new BitSet();
    private boolean begun;
    private boolean ended;
    private long position;
    private int open = NONE;
    private int filled;

    /**
     * @param format the format's name, for messages
     * @param blockSize bytes of disk in a block, a power of two; there are fewer than 2^31 of them
     * @param chunkSize what is appended begins at multiples of it; at most the block size
     * @param prefix what stands before each block's data
     * @param padding zeros behind each block
     */
    public BlockLayout(String format, long virtualSize, int blockSize, int chunkSize, byte[] prefix, int padding) {
        this.format = format;
        this.virtualSize = virtualSize;
        this.blockSize = blockSize;
        this.chunkSize = chunkSize;
        this.prefix = prefix;
        this.padding = padding;
        this.identity = new ContentIdentity(format, virtualSize);
    }

    /** Begins; once. */
    public void begin() {
        require(!begun);
        begun = true;
    }

    /** Appends a chunk of data. */
    public void append(EncodedChunk chunk, ByteSink body) {
        if (!(chunk instanceof PlainChunk own)) {
            throw SnapshotException.invalid("a " + format + " writer takes only chunks that its own encoders made");
        }
        advance(own.position(), own.position() + own.rawLength(), body);
        int block = (int) (own.position() / blockSize);
        if (block != open) {
            stored.set(block);
            body.write(ByteBuffer.wrap(prefix));
            open = block;
            filled = 0;
        }
        fillUpTo((int) (own.position() % blockSize), body);
        body.write(own.bytes());
        filled += own.rawLength();
        identity.add(own);
    }

    /** Appends zeros; they are stored only if their block has data. */
    public void appendZeros(ByteRange range, ByteSink body) {
        advance(range.start(), range.end(), body);
    }

    private void advance(long start, long end, ByteSink body) {
        require(begun && !ended);
        boolean whole = end == virtualSize || end % chunkSize == 0;
        if (start != position || end > virtualSize || !whole) {
            throw SnapshotException.invalid("the next range must begin at " + position + " and end at a multiple of "
                    + chunkSize + " or at the disk's end " + virtualSize + ", got [" + start + ", " + end + ")");
        }
        if (open != NONE && start / blockSize != open) {
            closeBlock(body);
        }
        position = end;
    }

    private void closeBlock(ByteSink body) {
        fillUpTo(blockSize, body);
        body.writeZeros(padding);
        open = NONE;
    }

    private void fillUpTo(int end, ByteSink body) {
        body.writeZeros((long) end - filled);
        filled = end;
    }

    /** Ends the last block; once, at the disk's end. */
    public void finish(ByteSink body) {
        require(begun && !ended);
        if (position != virtualSize) {
            throw SnapshotException.invalid(
                    "the image ends at " + position + " of its disk's " + virtualSize + " bytes");
        }
        if (open != NONE) {
            closeBlock(body);
        }
        ended = true;
    }

    private static void require(boolean inOrder) {
        if (!inOrder) {
            throw SnapshotException.invalid("a writer goes through begin, append and finish once and in this order");
        }
    }

    /** Bytes of the stream from one block's beginning to the next one's. */
    public long stride() {
        return prefix.length + (long) blockSize + padding;
    }

    /** Whether a block is stored. */
    public boolean isStored(int block) {
        return stored.get(block);
    }

    /** Blocks that are stored so far. */
    public int storedBlocks() {
        return stored.cardinality();
    }

    /** Identifiers that follow from what was written; once, at the end. */
    public ContentIdentity.Ids ids() {
        return identity.finish();
    }
}
