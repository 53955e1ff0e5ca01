package io.stillframe.benchmarks.compare;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.SplittableRandom;

/** Lines like those of a server's log: a few words that come again and numbers that do not. */
final class LogText implements Content {
    private static final int WORDS = 2000;
    private static final int LONGEST_WORD = 10;
    private static final int LONGEST_LINE = 14;

    private final SplittableRandom random;
    private final byte[][] words = new byte[WORDS][];
    private byte[] line = {};
    private int used;
    private long clock = 1_767_225_600_000L;

    LogText(long seed) {
        random = new SplittableRandom(seed);
        for (int i = 0; i < WORDS; i++) {
            words[i] = word();
        }
    }

    private byte[] word() {
        byte[] word = new byte[2 + random.nextInt(LONGEST_WORD)];
        for (int i = 0; i < word.length; i++) {
            word[i] = (byte) ('a' + random.nextInt(26));
        }
        return word;
    }

    @Override
    public void fill(byte[] block) {
        for (int at = 0; at < block.length; ) {
            if (used == line.length) {
                line = nextLine();
                used = 0;
            }
            int count = Math.min(line.length - used, block.length - at);
            System.arraycopy(line, used, block, at, count);
            at += count;
            used += count;
        }
    }

    private byte[] nextLine() {
        clock += random.nextInt(2000);
        StringBuilder text = new StringBuilder();
        text.append(clock).append(random.nextInt(10) == 0 ? " WARN " : " INFO ");
        int count = 3 + random.nextInt(LONGEST_LINE);
        for (int i = 0; i < count; i++) {
            // Squared, so that some words are far more frequent than others.
            double place = random.nextDouble();
            text.append(new String(words[(int) (place * place * WORDS)], StandardCharsets.US_ASCII))
                    .append(' ');
        }
        text.append(String.format(Locale.ROOT, "id=%016x%n", random.nextLong()));
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
