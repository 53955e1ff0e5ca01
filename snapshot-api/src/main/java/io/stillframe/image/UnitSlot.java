package io.stillframe.image;

import io.stillframe.internal.image.Zeros;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * One unit of work: an aligned piece of disk with the buffers that it passes through. Slots are made once and reused; at any time one
 * thread owns a slot, handed over under the pipeline's lock.
 */
final class UnitSlot {
    /** Data ranges that are kept apart in one unit; what is beyond is read together with the holes between. */
    private static final int MOST_RANGES = 64;

    private final ByteBuffer raw;
    private final ByteBuffer view;
    private final int grain;
    private final boolean[] data;
    private final byte[] digests;
    private final boolean[] digested;
    private final int[] starts = new int[MOST_RANGES];
    private final int[] ends = new int[MOST_RANGES];
    private int ranges;

    private long position;
    private int length;
    private long dataBytes;
    private ByteRange zerosBefore = new ByteRange(0, 0);

    /** Set and read under the pipeline's lock. */
    boolean done;

    /**
     * @param raw direct, as large as a unit
     * @param grain what the zero test tells apart; a power of two, divides the unit and {@link ContentDigest#CHUNK}
     */
    UnitSlot(ByteBuffer raw, int grain) {
        this.raw = raw;
        this.view = raw.duplicate();
        this.grain = grain;
        this.data = new boolean[raw.capacity() / grain];
        int chunks = raw.capacity() / ContentDigest.CHUNK;
        this.digests = new byte[chunks * ContentDigest.CHUNK_DIGEST];
        this.digested = new boolean[chunks];
    }

    /** Makes this slot the unit at {@code start}, without data yet, coming after {@code zeros}. */
    void plan(ByteRange zeros, long start, int bytes) {
        zerosBefore = zeros;
        position = start;
        length = bytes;
        dataBytes = 0;
        ranges = 0;
        done = false;
    }

    /** Adds a range of the disk that must be read, in ascending order, within the unit. */
    void addData(long start, long end) {
        int from = (int) (start - position);
        int to = (int) (end - position);
        if (ranges > 0 && (ends[ranges - 1] == from || ranges == MOST_RANGES)) {
            dataBytes += to - ends[ranges - 1];
            ends[ranges - 1] = to;
            return;
        }
        starts[ranges] = from;
        ends[ranges] = to;
        ranges++;
        dataBytes += to - from;
    }

    /** Reads the data, leaves zeros everywhere else, and finds out which grains are not zero. */
    void load(BlockSource source) {
        int filled = 0;
        for (int i = 0; i < ranges; i++) {
            Zeros.fill(raw, filled, starts[i] - filled);
            source.read(position + starts[i], view.limit(ends[i]).position(starts[i]));
            filled = ends[i];
        }
        Zeros.fill(raw, filled, length - filled);
        for (int i = 0, at = 0; at < length; i++, at += grain) {
            data[i] = !ZeroTest.isZero(raw, at, Math.min(grain, length - at));
        }
    }

    /** Computes the SHA-256 of every chunk of the content digest that is not all zero. */
    void digest(MessageDigest sha) {
        for (int i = 0, at = 0; at < length; i++, at += ContentDigest.CHUNK) {
            int end = Math.min(at + ContentDigest.CHUNK, length);
            digested[i] = hasData(at, end);
            if (digested[i]) {
                sha.update(view.limit(end).position(at));
                finish(sha, i);
            }
        }
    }

    private void finish(MessageDigest sha, int chunk) {
        try {
            sha.digest(digests, chunk * ContentDigest.CHUNK_DIGEST, ContentDigest.CHUNK_DIGEST);
        } catch (DigestException e) {
            throw new IllegalStateException("SHA-256 no longer has " + ContentDigest.CHUNK_DIGEST + " bytes", e);
        }
    }

    /** The SHA-256 of a chunk of the content digest, by its number in the unit, once it is computed. */
    ByteBuffer digestOf(int number) {
        return ByteBuffer.wrap(digests, number * ContentDigest.CHUNK_DIGEST, ContentDigest.CHUNK_DIGEST)
                .asReadOnlyBuffer();
    }

    /** Hands the chunks' digests on, in order. */
    void addDigestsTo(ContentDigest content) {
        for (int i = 0, at = 0; at < length; i++, at += ContentDigest.CHUNK) {
            if (digested[i]) {
                content.add((position + at) / ContentDigest.CHUNK, digests, i * ContentDigest.CHUNK_DIGEST);
            }
        }
    }

    /** Whether {@code [from, to)} of the unit, in whole grains, has a byte that is not zero. */
    boolean hasData(int from, int to) {
        for (int i = from / grain; i * grain < to; i++) {
            if (data[i]) {
                return true;
            }
        }
        return false;
    }

    /** The raw bytes {@code [from, to)} of the unit; valid until the next call. */
    ByteBuffer raw(int from, int to) {
        return view.limit(to).position(from);
    }

    ByteRange zerosBefore() {
        return zerosBefore;
    }

    /** Where the unit lies on the disk. */
    long position() {
        return position;
    }

    /** Bytes of disk in the unit; less than a whole unit only at the disk's end. */
    int length() {
        return length;
    }

    int grain() {
        return grain;
    }

    /** Bytes of data that are read for it. */
    long dataBytes() {
        return dataBytes;
    }

    @Override
    public String toString() {
        return "unit at " + position + " of " + length + " bytes, ranges " + Arrays.toString(starts) + " to "
                + Arrays.toString(ends) + ", " + ranges + " used";
    }
}
