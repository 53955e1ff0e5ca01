package io.stillframe.internal.deflate;

import java.util.Arrays;

/** The codes of a compressed block: fixed ones, or those that the block's header describes. For one thread at a time. */
final class BlockCodes {
    /** RFC 1951, section 3.2.6. Never changed once made. */
    private static final HuffmanTable FIXED_LITERALS =
            fixed(DeflateAlphabet.LITERALS_AND_LENGTHS, fixedLiteralLengths());

    private static final HuffmanTable FIXED_DISTANCES = fixed(DeflateAlphabet.DISTANCES, fixedDistanceLengths());

    /** In which order a header has the lengths of the codes of code lengths: RFC 1951, section 3.2.7. */
    private static final byte[] ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

    private static final int REPEAT_PREVIOUS = 16;
    private static final int ZEROS = 17;

    private final HuffmanTable ownLiterals = new HuffmanTable(DeflateAlphabet.LITERALS_AND_LENGTHS);
    private final HuffmanTable ownDistances = new HuffmanTable(DeflateAlphabet.DISTANCES);
    private final HuffmanTable codeLengths = new HuffmanTable(DeflateAlphabet.CODE_LENGTHS);
    private final byte[] lengths = new byte[DeflateAlphabet.MOST_LITERALS_AND_LENGTHS + DeflateAlphabet.MOST_DISTANCES];
    private HuffmanTable literals = FIXED_LITERALS;
    private HuffmanTable distances = FIXED_DISTANCES;

    HuffmanTable literals() {
        return literals;
    }

    HuffmanTable distances() {
        return distances;
    }

    void useFixed() {
        literals = FIXED_LITERALS;
        distances = FIXED_DISTANCES;
    }

    /** Reads the header of a block with dynamic codes: RFC 1951, section 3.2.7. */
    void read(BitSource source) throws DeflateStop {
        source.require(14);
        int literalCount = 257 + source.take(5);
        int distanceCount = 1 + source.take(5);
        int lengthCount = 4 + source.take(4);
        if (literalCount > DeflateAlphabet.MOST_LITERALS_AND_LENGTHS
                || distanceCount > DeflateAlphabet.MOST_DISTANCES) {
            throw DeflateStop.invalid();
        }
        readCodeLengthCodes(source, lengthCount);
        readLengths(source, literalCount + distanceCount);
        if (lengths[DeflateAlphabet.END_OF_BLOCK] == 0) {
            throw DeflateStop.invalid();
        }
        ownLiterals.build(lengths, 0, literalCount);
        ownDistances.build(lengths, literalCount, distanceCount);
        literals = ownLiterals;
        distances = ownDistances;
    }

    private void readCodeLengthCodes(BitSource source, int count) throws DeflateStop {
        Arrays.fill(lengths, 0, ORDER.length, (byte) 0);
        for (int i = 0; i < count; i++) {
            lengths[ORDER[i]] = (byte) source.take(3);
        }
        codeLengths.build(lengths, 0, ORDER.length);
    }

    private void readLengths(BitSource source, int count) throws DeflateStop {
        int at = 0;
        while (at < count) {
            int symbol = source.code(codeLengths) >>> HuffmanTable.VALUE;
            if (symbol < REPEAT_PREVIOUS) {
                lengths[at++] = (byte) symbol;
                continue;
            }
            int repeats = repeats(source, symbol);
            if (repeats > count - at || (symbol == REPEAT_PREVIOUS && at == 0)) {
                throw DeflateStop.invalid();
            }
            byte length = symbol == REPEAT_PREVIOUS ? lengths[at - 1] : 0;
            Arrays.fill(lengths, at, at + repeats, length);
            at += repeats;
        }
    }

    private static int repeats(BitSource source, int symbol) throws DeflateStop {
        if (symbol == REPEAT_PREVIOUS) {
            return 3 + source.take(2);
        }
        return symbol == ZEROS ? 3 + source.take(3) : 11 + source.take(7);
    }

    private static HuffmanTable fixed(DeflateAlphabet alphabet, byte[] lengths) {
        HuffmanTable table = new HuffmanTable(alphabet);
        try {
            table.build(lengths, 0, lengths.length);
        } catch (DeflateStop e) {
            throw new AssertionError("the fixed codes are complete", e);
        }
        return table;
    }

    private static byte[] fixedLiteralLengths() {
        byte[] lengths = new byte[288];
        Arrays.fill(lengths, 0, 144, (byte) 8);
        Arrays.fill(lengths, 144, 256, (byte) 9);
        Arrays.fill(lengths, 256, 280, (byte) 7);
        Arrays.fill(lengths, 280, 288, (byte) 8);
        return lengths;
    }

    private static byte[] fixedDistanceLengths() {
        byte[] lengths = new byte[32];
        Arrays.fill(lengths, (byte) 5);
        return lengths;
    }
}
