package io.stillframe.internal.deflate;

import io.stillframe.internal.deflate.Inflate.Outcome;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.Adler32;

/**
 * Decodes zlib streams (RFC 1950) that are completely in memory: a header of two bytes, DEFLATE data, the Adler-32 of what it gives out. Preset
 * dictionaries are not known. Memory is that of an {@link Inflate}. For one thread at a time.
 */
public final class ZlibStream {
    private static final int HEADER = 2;
    private static final int CHECK_MULTIPLE = 31;
    private static final int METHOD = 0x0F;
    private static final int DEFLATE = 8;
    private static final int LARGEST_WINDOW = 7;
    private static final int DICTIONARY = 0x20;

    private final Inflate inflate = new Inflate();
    private final Adler32 checksum = new Adler32();

    /**
     * Decodes one stream; positions are moved, and room is used, as by {@link Inflate#decode(ByteBuffer, ByteBuffer)}.
     *
     * @return ENDED if the checksum, too, was there and right; INVALID if it, or the header, is wrong; else as {@link Inflate} has it
     */
    public Outcome decode(ByteBuffer bytes, ByteBuffer target) {
        if (bytes.remaining() < HEADER) {
            return Outcome.TRUNCATED;
        }
        if (!isHeader(bytes.get() & 0xFF, bytes.get() & 0xFF)) {
            return Outcome.INVALID;
        }
        ByteBuffer decoded = target.duplicate();
        Outcome outcome = inflate.decode(bytes, target);
        if (outcome != Outcome.ENDED) {
            return outcome;
        }
        return check(bytes, decoded.limit(target.position()));
    }

    /** RFC 1950, section 2.2. */
    private static boolean isHeader(int method, int flags) {
        return (method << Byte.SIZE | flags) % CHECK_MULTIPLE == 0
                && (method & METHOD) == DEFLATE
                && method >> 4 <= LARGEST_WINDOW
                && (flags & DICTIONARY) == 0;
    }

    private Outcome check(ByteBuffer bytes, ByteBuffer decoded) {
        if (bytes.remaining() < Integer.BYTES) {
            return Outcome.TRUNCATED;
        }
        checksum.reset();
        checksum.update(decoded);
        int stored = bytes.order(ByteOrder.BIG_ENDIAN).getInt();
        return stored == (int) checksum.getValue() ? Outcome.ENDED : Outcome.INVALID;
    }
}
