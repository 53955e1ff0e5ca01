package io.stillframe.image.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a fuzzer mutates in place of an image, whose bytes are nearly all zeros: one byte of {@code FLAG}s, then, repeated, a run of zeros and
 * a run of bytes, each with its length in base 128, lowest digit first. Any bytes are a packed image; a run that exceeds them ends there.
 */
final class PackedImage {
    /** Checksums are put right before the image is read, so that mutations reach what lies behind them. */
    static final int FLAG_REPAIR = 1;

    /** The image is opened over a second layer. */
    static final int FLAG_BACKING = 2;

    /** Longer files are no input. */
    static final long LONGEST = Long.getLong("stillframe.fuzz.longest", 64L << 20);

    private static final int SHORTEST_ZEROS = 8;

    private PackedImage() {}

    /** Packs an image. */
    static byte[] pack(byte[] image, int flags) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        packed.write(flags);
        int at = 0;
        while (at < image.length) {
            int data = endOfZeros(image, at);
            int end = endOfData(image, data);
            putNumber(packed, data - at);
            putNumber(packed, end - data);
            packed.write(image, data, end - data);
            at = end;
        }
        return packed.toByteArray();
    }

    private static int endOfZeros(byte[] image, int from) {
        int at = from;
        while (at < image.length && image[at] == 0) {
            at++;
        }
        return at;
    }

    /** The next place where enough zeros begin to be worth a run. */
    private static int endOfData(byte[] image, int from) {
        int at = from;
        while (at < image.length) {
            int zeros = endOfZeros(image, at);
            if (zeros - at >= SHORTEST_ZEROS || zeros == image.length) {
                return at;
            }
            at = zeros + 1;
        }
        return Math.min(at, image.length);
    }

    private static void putNumber(ByteArrayOutputStream packed, int number) {
        int left = number;
        while (left >= 128) {
            packed.write(left % 128 + 128);
            left /= 128;
        }
        packed.write(left);
    }

    static int flags(byte[] packed) {
        return packed.length == 0 ? 0 : packed[0];
    }

    /** The image; empty if it would be too long. */
    static Optional<SparseBytes> unpack(byte[] packed) {
        ByteBuffer in = ByteBuffer.wrap(packed);
        SparseBytes image = new SparseBytes();
        if (in.hasRemaining()) {
            in.get();
        }
        while (in.hasRemaining()) {
            image.skip(number(in));
            int length = (int) Math.min(number(in), in.remaining());
            image.append(Arrays.copyOfRange(packed, in.position(), in.position() + length));
            in.position(in.position() + length);
            if (image.size() > LONGEST) {
                return Optional.empty();
            }
        }
        return Optional.of(image);
    }

    private static long number(ByteBuffer in) {
        long number = 0;
        for (int shift = 0; in.hasRemaining() && shift < 35; shift += 7) {
            int digit = in.get() & 0xff;
            number |= (long) (digit % 128) << shift;
            if (digit < 128) {
                break;
            }
        }
        return number;
    }
}
