package io.stillframe.image.qcow2;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** Breaks an image's bytes, seeded, mostly where its metadata lies. */
public final class Mutation {
    /** Where a format's metadata lies. */
    @FunctionalInterface
    public interface Places {
        /** A place to break; any number, outside of the image for anywhere. */
        long pick(Random random);
    }

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
    private final ByteOrder order;
    private final Places places;
    private final Random random;

    /** @param order of the format's numbers */
    public Mutation(byte[] original, ByteOrder order, Places places, long seed) {
        this.original = original;
        this.order = order;
        this.places = places;
        this.random = new Random(seed);
    }

    public byte[] mutated() {
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
        ByteBuffer bytes = ByteBuffer.wrap(image).order(order);
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

    private int place(byte[] image) {
        long at = places.pick(random);
        return at >= 0 && at < image.length ? (int) at : random.nextInt(image.length);
    }
}
