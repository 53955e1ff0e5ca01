package io.stillframe.internal.deflate;

import java.util.Arrays;

/**
 * A table that decodes the codes of one Huffman alphabet (RFC 1951, section 3.2.2): indexed by as many next bits as the longest code has, or
 * by fewer, where longer codes lead to a second table behind the first. What an entry means:
 *
 * <ul>
 *   <li>bits 0 to 5: how many bits are consumed, the extra bits behind the code included
 *   <li>bits 8 to 11: the code's length (in the second table: what it has beyond the first one's)
 *   <li>bit 13: {@link #END}, bit 14: {@link #SUBTABLE}, bit 15: {@link #SPECIAL}, which is either of them or a code that does not exist
 *   <li>bits 16 to 30: the literal, the smallest length or distance, or where the second table begins (which has as many index bits as bits 8
 *       to 11 say)
 *   <li>bit 31: {@link #LITERAL}
 * </ul>
 *
 * Not safe for use by several threads while it is built; the fixed tables are never built again.
 */
final class HuffmanTable {
    static final int LONGEST_CODE = 15;
    static final int LITERAL = 1 << 31;
    static final int SPECIAL = 1 << 15;
    static final int SUBTABLE = 1 << 14;
    static final int END = 1 << 13;
    static final int CONSUMED = 0x3F;
    static final int VALUE = 16;

    private static final int ONE_BIT = 0x101;
    private static final int MISSING = SPECIAL + ONE_BIT;
    private static final int MOST_SYMBOLS = 288;

    final int[] entries;
    int mask;

    private final DeflateAlphabet alphabet;
    private final int[] counts = new int[LONGEST_CODE + 1];
    private final int[] starts = new int[LONGEST_CODE + 2];
    private final short[] sorted = new short[MOST_SYMBOLS];
    private int codeword;
    private int next;

    HuffmanTable(DeflateAlphabet alphabet) {
        this.alphabet = alphabet;
        this.entries = new int[alphabet.tableSize()];
    }

    static int codeLength(int entry) {
        return entry >>> 8 & 0xF;
    }

    /**
     * Makes the table of an alphabet whose code lengths, of 0 to 15 bits, are given.
     *
     * @throws DeflateStop INVALID if the codes are over-subscribed, or incomplete and not of the kinds that are allowed: no code at all,
     *     and, except for code lengths themselves, a single one of one bit
     */
    void build(byte[] lengths, int from, int symbols) throws DeflateStop {
        count(lengths, from, symbols);
        int longest = LONGEST_CODE;
        while (longest > 0 && counts[longest] == 0) {
            longest--;
        }
        if (longest == 0) {
            Arrays.fill(entries, 0, 2, alphabet.withoutCodes() + ONE_BIT);
            mask = 1;
            return;
        }
        requireSound(longest);
        sort(lengths, from, symbols);
        int root = Math.min(longest, alphabet.rootBits());
        mask = (1 << root) - 1;
        codeword = 0;
        next = 0;
        fillRoot(root);
        fillSubtables(root, longest);
    }

    private void count(byte[] lengths, int from, int symbols) {
        Arrays.fill(counts, 0);
        for (int i = from; i < from + symbols; i++) {
            counts[lengths[i]]++;
        }
        counts[0] = 0;
    }

    private void requireSound(int longest) throws DeflateStop {
        int free = 1;
        for (int length = 1; length <= LONGEST_CODE; length++) {
            free = (free << 1) - counts[length];
            if (free < 0) {
                throw DeflateStop.invalid();
            }
        }
        if (free > 0 && (longest > 1 || !alphabet.allowsSingleCode())) {
            throw DeflateStop.invalid();
        }
        entries[1] = MISSING;
    }

    private void sort(byte[] lengths, int from, int symbols) {
        for (int length = 1; length <= LONGEST_CODE; length++) {
            starts[length + 1] = starts[length] + counts[length];
        }
        for (int symbol = 0; symbol < symbols; symbol++) {
            int length = lengths[from + symbol];
            if (length != 0) {
                sorted[starts[length]++] = (short) symbol;
            }
        }
        Arrays.fill(starts, 0);
    }

    /** The codes of each length fill what is then doubled for those that are one bit longer. */
    private void fillRoot(int root) {
        for (int length = 1; length <= root; length++) {
            for (int i = counts[length]; i > 0; i--) {
                entries[codeword] = alphabet.entry(sorted[next++]) + length * ONE_BIT;
                advance(length);
            }
            if (length < root) {
                System.arraycopy(entries, 0, entries, 1 << length, 1 << length);
            }
        }
    }

    private void fillSubtables(int root, int longest) {
        int prefix = -1;
        int start = 0;
        int end = 1 << root;
        for (int length = root + 1; length <= longest; length++) {
            for (int i = counts[length]; i > 0; i--) {
                if ((codeword & mask) != prefix) {
                    prefix = codeword & mask;
                    start = end;
                    int bits = subtableBits(root, length, i);
                    end = start + (1 << bits);
                    entries[prefix] = start << VALUE | SPECIAL | SUBTABLE | bits << 8 | root;
                }
                int entry = alphabet.entry(sorted[next++]) + (length - root) * ONE_BIT;
                for (int at = start + (codeword >>> root); at < end; at += 1 << (length - root)) {
                    entries[at] = entry;
                }
                advance(length);
            }
        }
    }

    /** How many bits index the table of the prefix at hand, of which {@code unused} codes of that length and longer ones are left. */
    private int subtableBits(int root, int length, int unused) {
        int bits = length - root;
        int used = unused;
        while (used < 1 << bits) {
            bits++;
            used = (used << 1) + counts[root + bits];
        }
        return bits;
    }

    /** The next code in order; codes are held with their first bit lowest, as they come out of the stream. */
    private void advance(int length) {
        int bit = Integer.highestOneBit(codeword ^ ((1 << length) - 1));
        codeword = (codeword & (bit - 1)) | bit;
    }
}
