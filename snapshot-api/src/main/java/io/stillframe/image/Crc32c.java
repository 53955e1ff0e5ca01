package io.stillframe.image;

import io.stillframe.model.Digest;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * A CRC-32C (Castagnoli, RFC 3720 appendix B.4) over bytes that come in order, with two things that a plain one lacks: runs of zeros of
 * any length at once, and another run's checksum put behind or before it without its bytes. For one thread at a time.
 */
public final class Crc32c {
    /** The polynomial, bits reflected: the coefficient of x^31 is the lowest bit. */
    private static final int POLYNOMIAL = 0x82F63B78;

    private static final int ONE = 0x80000000;

    /** {@code POWERS[n]} is x^(8 * 2^n) modulo the polynomial: what 2^n more bytes multiply a remainder by. */
    private static final int[] POWERS = powers();

    private final CRC32C open = new CRC32C();
    private int settled;
    private long openBytes;
    private long length;

    /** Adds all remaining bytes of {@code bytes}. */
    public void update(ByteBuffer bytes) {
        openBytes += bytes.remaining();
        length += bytes.remaining();
        open.update(bytes);
    }

    /** Adds {@code count} zero bytes, in the time of the logarithm of their number. */
    public void updateZeros(long count) {
        settle();
        settled = ofZerosAfter(settled, count);
        length += count;
    }

    /** The checksum so far. */
    public int value() {
        settle();
        return settled;
    }

    /** Bytes so far. */
    public long length() {
        return length;
    }

    private void settle() {
        settled = combine(settled, (int) open.getValue(), openBytes);
        open.reset();
        openBytes = 0;
    }

    /** The checksum of all remaining bytes of {@code bytes}, whose position moves to its limit. */
    public static int of(ByteBuffer bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes);
        return (int) checksum.getValue();
    }

    /**
     * The checksum of two runs of bytes, one behind the other.
     *
     * @param first checksum of the first run
     * @param second checksum of the second run
     * @param secondLength bytes of the second run, at least 0
     */
    public static int combine(int first, int second, long secondLength) {
        return multiply(first, power(secondLength)) ^ second;
    }

    /** The checksum as the digest of a stored object. */
    public static Digest digest(int checksum) {
        return new Digest(Digest.STORED, HexFormat.of().toHexDigits(checksum));
    }

    /** Before and after each run the register is inverted, which is why zeros are not simply a multiplication. */
    private static int ofZerosAfter(int checksum, long count) {
        return ~multiply(~checksum, power(count));
    }

    /** x^(8 * bytes) modulo the polynomial. */
    private static int power(long bytes) {
        int product = ONE;
        long left = bytes;
        for (int n = 0; left != 0; n++, left >>>= 1) {
            if ((left & 1) != 0) {
                product = multiply(product, POWERS[n]);
            }
        }
        return product;
    }

    /** The product of two polynomials over GF(2), modulo the CRC's, bits reflected. */
    private static int multiply(int a, int b) {
        int product = 0;
        int shifted = b;
        for (int bits = a; bits != 0; bits <<= 1) {
            if (bits < 0) {
                product ^= shifted;
            }
            shifted = (shifted >>> 1) ^ ((shifted & 1) == 0 ? 0 : POLYNOMIAL);
        }
        return product;
    }

    private static int[] powers() {
        int[] powers = new int[Long.SIZE];
        powers[0] = ONE >>> 8;
        for (int n = 1; n < powers.length; n++) {
            powers[n] = multiply(powers[n - 1], powers[n - 1]);
        }
        return powers;
    }
}
