package io.stillframe.internal.deflate;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;

/** Seeded data of many kinds, and streams of it. */
public final class DeflateSamples {
    static final List<Integer> STRATEGIES =
            List.of(Deflater.DEFAULT_STRATEGY, Deflater.FILTERED, Deflater.HUFFMAN_ONLY);
    private static final int KINDS = 8;

    private DeflateSamples() {}

    /** So many bytes of a kind that the seed chooses. */
    static byte[] data(int length, long seed) {
        Random random = new Random(seed);
        byte[] data = new byte[length];
        switch ((int) Math.floorMod(seed, KINDS)) {
            case 0 -> {}
            case 1 -> random.nextBytes(data);
            case 2 -> fill(data, random, 2);
            case 3 -> fill(data, random, 30);
            case 4 -> runs(data, random, 20);
            case 5 -> copies(data, random, 60);
            case 6 -> copies(data, random, 2);
            default -> skewed(data, random);
        }
        return data;
    }

    private static void fill(byte[] data, Random random, int symbols) {
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (' ' + random.nextInt(symbols));
        }
    }

    private static void runs(byte[] data, Random random, int longest) {
        for (int at = 0; at < data.length; ) {
            int end = Math.min(data.length, at + 1 + random.nextInt(longest));
            Arrays.fill(data, at, end, (byte) random.nextInt());
            at = end;
        }
    }

    /** Literals between matches of all lengths at all distances, the small ones more often. */
    private static void copies(byte[] data, Random random, int mostLiterals) {
        int at = 0;
        while (at < data.length) {
            for (int i = random.nextInt(mostLiterals); i >= 0 && at < data.length; i--) {
                data[at++] = (byte) random.nextInt();
            }
            int distance = 1 + random.nextInt(1 << random.nextInt(16));
            int length = 3 + random.nextInt(1 << 1 + random.nextInt(9));
            for (; length > 0 && distance <= at && at < data.length; length--) {
                data[at] = data[at++ - distance];
            }
        }
    }

    /** Frequencies that halve, for codes of all lengths. */
    private static void skewed(byte[] data, Random random) {
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (Long.numberOfTrailingZeros(random.nextLong()) * 3 + random.nextInt(3));
        }
    }

    static byte[] deflate(byte[] data, int level, int strategy) {
        return deflate(data, level, strategy, Deflater.NO_FLUSH, Math.max(1, data.length));
    }

    /** Compresses in pieces of {@code step} bytes, each with the flush. */
    static byte[] deflate(byte[] data, int level, int strategy, int flush, int step) {
        Deflater deflater = new Deflater(level, true);
        try {
            deflater.setStrategy(strategy);
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            byte[] buffer = new byte[64 * 1024];
            for (int at = 0; at < data.length; at += step) {
                deflater.setInput(data, at, Math.min(step, data.length - at));
                int count;
                do {
                    count = deflater.deflate(buffer, 0, buffer.length, flush);
                    stream.write(buffer, 0, count);
                } while (count == buffer.length);
            }
            deflater.finish();
            while (!deflater.finished()) {
                stream.write(buffer, 0, deflater.deflate(buffer));
            }
            return stream.toByteArray();
        } finally {
            deflater.end();
        }
    }
}
