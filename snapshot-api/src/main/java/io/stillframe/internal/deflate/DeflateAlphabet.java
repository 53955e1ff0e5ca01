package io.stillframe.internal.deflate;

/** The three alphabets of a block (RFC 1951, sections 3.2.5 and 3.2.7) and what their symbols mean, as {@link HuffmanTable} has it. Immutable. */
final class DeflateAlphabet {
    /** 0 to 255, the end of the block, lengths; 286 and 287 have codes in fixed blocks but must not occur. */
    static final DeflateAlphabet LITERALS_AND_LENGTHS =
            new DeflateAlphabet(11, 2400, HuffmanTable.SPECIAL, literalsAndLengths());

    /** 30 and 31 have codes in fixed blocks but must not occur. */
    static final DeflateAlphabet DISTANCES = new DeflateAlphabet(8, 512, HuffmanTable.SPECIAL, distances());

    /** If none of these has a code, each bit is taken for a length of zero, with which no block has an end. */
    static final DeflateAlphabet CODE_LENGTHS = new DeflateAlphabet(7, 128, 0, codeLengths());

    /** How many codes of literals and lengths a block's header may describe. */
    static final int MOST_LITERALS_AND_LENGTHS = 286;

    static final int MOST_DISTANCES = 30;
    static final int END_OF_BLOCK = 256;

    private static final int LONGEST_MATCH = 258;

    private final int rootBits;
    private final int tableSize;
    private final int withoutCodes;
    private final int[] symbolEntries;

    private DeflateAlphabet(int rootBits, int tableSize, int withoutCodes, int[] symbolEntries) {
        this.rootBits = rootBits;
        this.tableSize = tableSize;
        this.withoutCodes = withoutCodes;
        this.symbolEntries = symbolEntries;
    }

    /** How many bits index the first table at most. */
    int rootBits() {
        return rootBits;
    }

    /** Enough for the first table and all second ones: no complete code of the alphabet needs more than 2342, 402 and 128 entries. */
    int tableSize() {
        return tableSize;
    }

    /** What each bit means if no symbol has a code. */
    int withoutCodes() {
        return withoutCodes;
    }

    /** Whether one code of one bit may be all. */
    boolean allowsSingleCode() {
        return this != CODE_LENGTHS;
    }

    /** A symbol's entry, without its code. */
    int entry(int symbol) {
        return symbolEntries[symbol];
    }

    private static int[] literalsAndLengths() {
        int[] entries = new int[288];
        for (int literal = 0; literal < END_OF_BLOCK; literal++) {
            entries[literal] = HuffmanTable.LITERAL | literal << HuffmanTable.VALUE;
        }
        entries[END_OF_BLOCK] = HuffmanTable.SPECIAL | HuffmanTable.END;
        int length = 3;
        for (int i = 0; i < 28; i++) {
            int extra = Math.max(0, (i >> 2) - 1);
            entries[END_OF_BLOCK + 1 + i] = length << HuffmanTable.VALUE | extra;
            length += 1 << extra;
        }
        entries[285] = LONGEST_MATCH << HuffmanTable.VALUE;
        entries[286] = HuffmanTable.SPECIAL;
        entries[287] = HuffmanTable.SPECIAL;
        return entries;
    }

    private static int[] distances() {
        int[] entries = new int[32];
        int distance = 1;
        for (int i = 0; i < MOST_DISTANCES; i++) {
            int extra = Math.max(0, (i >> 1) - 1);
            entries[i] = distance << HuffmanTable.VALUE | extra;
            distance += 1 << extra;
        }
        entries[30] = HuffmanTable.SPECIAL;
        entries[31] = HuffmanTable.SPECIAL;
        return entries;
    }

    private static int[] codeLengths() {
        int[] entries = new int[19];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = i << HuffmanTable.VALUE;
        }
        return entries;
    }
}
