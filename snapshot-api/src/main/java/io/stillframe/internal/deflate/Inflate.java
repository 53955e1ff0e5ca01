package io.stillframe.internal.deflate;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Decodes a raw DEFLATE stream (RFC 1951) that is completely in memory into room that is, too. A stream may refer back to all that it gave
 * out, at most 32 KiB. What is refused and what is not is the same as with zlib, in each detail.
 *
 * <p>Its time is linear in the bytes read and written; it never reads or writes outside what it is given. It holds about 20 KiB of tables,
 * and the arrays that {@link #decode(ByteBuffer, ByteBuffer)} copies through. No native memory, nothing to close. For one thread at a time.
 */
public final class Inflate {
    private static final byte[] NOTHING = {};
    private static final int STORED = 0;
    private static final int FIXED = 1;
    private static final int DYNAMIC = 2;

    private final BitSource source = new BitSource();
    private final BlockCodes codes = new BlockCodes();
    private final BlockDecoder decoder = new BlockDecoder();
    private int consumed;
    private int produced;
    private byte[] copiedSource = {};
    private byte[] copiedTarget = {};

    /** How decoding ended. */
    public enum Outcome {
        /** The stream's last block ended; what it gave out is complete and may be less than there was room for. */
        ENDED,

        /**
         * There is no more room, and the stream goes on or is cut off behind that. What follows up to the next byte that the stream would
         * give out was found to be valid.
         */
        FULL,

        /** The bytes ended before the stream did and before the room was full. */
        TRUNCATED,

        /** It is no DEFLATE stream; what was given out before that was found is of no meaning. */
        INVALID
    }

    /**
     * Decodes from one array into another. All of the room may be overwritten, whatever is given out.
     *
     * @param bytes the stream, and perhaps more behind its end
     * @param from where the stream begins, from 0
     * @param to where the bytes end, at most the array's length
     * @param target not the same array as {@code bytes}
     * @param targetFrom where the room begins, from 0
     * @param targetTo where it ends, at most the array's length
     * @throws IndexOutOfBoundsException if a range is none of its array
     */
    public Outcome decode(byte[] bytes, int from, int to, byte[] target, int targetFrom, int targetTo) {
        Objects.checkFromToIndex(from, to, bytes.length);
        Objects.checkFromToIndex(targetFrom, targetTo, target.length);
        source.start(bytes, from, to);
        decoder.start(target, targetFrom, targetTo);
        Outcome outcome = decodeBlocks();
        consumed = source.position() - from;
        produced = decoder.position() - targetFrom;
        source.start(NOTHING, 0, 0);
        decoder.start(NOTHING, 0, 0);
        return outcome;
    }

    /**
     * Decodes from one buffer into another, from and up to where they are positioned and limited; moves both positions behind what was
     * consumed and given out. Buffers without an accessible array are copied through arrays, which are kept for the next call and grow to the
     * largest that was asked for. All of the target's room may be overwritten.
     */
    public Outcome decode(ByteBuffer bytes, ByteBuffer target) {
        Outcome outcome;
        if (target.hasArray()) {
            int start = target.arrayOffset() + target.position();
            outcome = decode(bytes, target.array(), start, start + target.remaining());
            target.position(target.position() + produced);
            return outcome;
        }
        if (copiedTarget.length < target.remaining()) {
            copiedTarget = new byte[target.remaining()];
        }
        outcome = decode(bytes, copiedTarget, 0, target.remaining());
        target.put(copiedTarget, 0, produced);
        return outcome;
    }

    private Outcome decode(ByteBuffer bytes, byte[] target, int targetFrom, int targetTo) {
        int start = bytes.position();
        int length = bytes.remaining();
        Outcome outcome;
        if (bytes.hasArray()) {
            int from = bytes.arrayOffset() + start;
            outcome = decode(bytes.array(), from, from + length, target, targetFrom, targetTo);
        } else {
            if (copiedSource.length < length) {
                copiedSource = new byte[length];
            }
            bytes.get(start, copiedSource, 0, length);
            outcome = decode(copiedSource, 0, length, target, targetFrom, targetTo);
        }
        bytes.position(start + consumed);
        return outcome;
    }

    /** How many bytes the last stream had, up to where decoding ended; a byte of which it used a part counts. */
    public int consumed() {
        return consumed;
    }

    /** How many bytes were given out the last time. */
    public int produced() {
        return produced;
    }

    private Outcome decodeBlocks() {
        try {
            boolean last = false;
            while (!last) {
                source.require(3);
                last = source.take(1) == 1;
                decodeBlock(source.take(2));
            }
            return Outcome.ENDED;
        } catch (DeflateStop stop) {
            boolean cutOffBehindRoom = stop.outcome() == Outcome.TRUNCATED && decoder.isFull();
            return cutOffBehindRoom ? Outcome.FULL : stop.outcome();
        }
    }

    private void decodeBlock(int type) throws DeflateStop {
        switch (type) {
            case STORED -> decodeStored();
            case FIXED -> {
                codes.useFixed();
                decoder.decode(source, codes);
            }
            case DYNAMIC -> {
                codes.read(source);
                decoder.decode(source, codes);
            }
            default -> throw DeflateStop.invalid();
        }
    }

    /** RFC 1951, section 3.2.4. */
    private void decodeStored() throws DeflateStop {
        source.drop(source.count & 7);
        source.require(32);
        int length = source.take(16);
        if ((source.take(16) ^ length) != 0xFFFF) {
            throw DeflateStop.invalid();
        }
        source.align();
        decoder.copy(source, length);
    }
}
