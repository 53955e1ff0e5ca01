package io.stillframe.image.qcow2;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** Breaks an image's bytes, seeded, mostly where its metadata lies. */
final class Mutation {
    private static final long[] TELLING = {
        0,
        1,
        -1,
        511,
        512,
        513,
        1L << 9,
        1L << 16,
        1L << 21,
        1L << 31,
        1L << 32,
        1L << 55,
        1L << 56,
        1L << 61,
        1L << 62,
        1L << 63,
        Long.MAX_VALUE,
        0x00ff_ffff_ffff_fe00L,
        0x4000_0000_0000_0200L,
        0x7fff_ffff_ffff_ffffL
    };

    private final byte[] original;
    private final Random random;

    Mutation(byte[] original, long seed) {
        this.original = original;
        this.random = new Random(seed);
    }

    byte[] mutated() {
        byte[] image = original.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            image = changed(image);
        }
        return image;
    }

    private byte[] changed(byte[] image) {
        if (image.length < 16) {
            return image;
        }
        ByteBuffer bytes = ByteBuffer.wrap(image);
        int at = place(image);
        int word = Math.min(at & -8, image.length - 8);
        switch (random.nextInt(8)) {
            case 0 -> image[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> image[at] = (byte) random.nextInt();
            case 2 -> bytes.putLong(word, TELLING[random.nextInt(TELLING.length)]);
            case 3 -> bytes.putInt(word, (int) TELLING[random.nextInt(TELLING.length)]);
            case 4 -> bytes.putLong(word, bytes.getLong(Math.min(place(image) & -8, image.length - 8)));
            case 5 -> bytes.putLong(word, bytes.getLong(word) + (random.nextInt(65) - 32) * 512L);
            case 6 -> bytes.putLong(word, bytes.getLong(word) ^ 1L << random.nextInt(64));
            default -> {
                return random.nextInt(6) == 0 ? Arrays.copyOf(image, random.nextInt(image.length)) : image;
            }
        }
        return image;
    }

    /** In the header, a table that the header points to, or anywhere. */
    private int place(byte[] image) {
        ByteBuffer bytes = ByteBuffer.wrap(original);
        return switch (random.nextInt(6)) {
            case 0, 1 -> random.nextInt(Math.min(image.length, 160));
            case 2 -> within(image, bytes.getLong(40), 64);
            case 3 -> within(image, l2Table(bytes), 4096);
            case 4 -> within(image, bytes.getLong(48), 4096);
            default -> random.nextInt(image.length);
        };
    }

    private long l2Table(ByteBuffer bytes) {
        long l1 = bytes.getLong(40);
        return l1 > 0 && l1 < original.length - 8 ? bytes.getLong((int) l1) & Entries.OFFSET : 0;
    }

    private int within(byte[] image, long start, int length) {
        long at = start + random.nextInt(length);
        return at >= 0 && at < image.length ? (int) at : random.nextInt(image.length);
    }
}
