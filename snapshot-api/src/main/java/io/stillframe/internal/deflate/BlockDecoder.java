package io.stillframe.internal.deflate;

/**
 * Gives out the bytes of blocks (RFC 1951, sections 3.2.3 to 3.2.5). As long as enough bytes and room are left, nothing but a distance needs to
 * be checked; the ends are decoded one symbol at a time. For one thread at a time.
 */
final class BlockDecoder {
    /** Bytes that a round of the fast loop may read: two words, and what was held. */
    private static final int FAST_SOURCE = 3 * Long.BYTES;

    /** Bytes that a round of the fast loop may write: three literals, the longest match and what its last word exceeds it by. */
    private static final int FAST_ROOM = 3 + 258 + 4 * Long.BYTES;

    private static final int LONGEST_DISTANCE_BITS = 28;

    /** Which bits of a word are the first so many bytes, by their number. */
    private static final long[] FIRST_BYTES = {
        0, 0xFFL, 0xFFFFL, 0xFFFFFFL, 0xFFFFFFFFL, 0xFFFFFFFFFFL, 0xFFFFFFFFFFFFL, 0xFFFFFFFFFFFFFFL
    };

    /** What repeats so many bytes throughout a word if they are multiplied by it. */
    private static final long[] REPEAT = {
        0,
        0x0101010101010101L,
        0x0001000100010001L,
        0x0001000001000001L,
        0x100000001L,
        0x10000000001L,
        0x1000000000001L,
        0x100000000000001L
    };

    /** By how many bytes the next word with so many repeated bytes is behind the one before. */
    private static final int[] STEP = {0, 8, 8, 6, 8, 5, 6, 7};

    private byte[] target = {};
    private int start;
    private int at;
    private int end;

    /** Starts with the room from {@code from} up to {@code to}. */
    void start(byte[] room, int from, int to) {
        target = room;
        start = from;
        at = from;
        end = to;
    }

    int position() {
        return at;
    }

    boolean isFull() {
        return at == end;
    }

    /** Copies bytes that are stored as they are. */
    void copy(BitSource source, int length) throws DeflateStop {
        int count = Math.min(length, Math.min(source.end - source.at, end - at));
        System.arraycopy(source.data, source.at, target, at, count);
        source.at += count;
        at += count;
        if (count < length) {
            throw DeflateStop.truncated();
        }
    }

    /** Decodes the rest of a block, its end included. */
    void decode(BitSource source, BlockCodes codes) throws DeflateStop {
        if (fast(source, codes.literals(), codes.distances())) {
            return;
        }
        while (true) {
            int entry = source.code(codes.literals());
            if (entry < 0) {
                putLiteral(entry);
            } else if ((entry & HuffmanTable.SPECIAL) == 0) {
                putMatch(source, entry, codes.distances());
            } else if ((entry & HuffmanTable.END) != 0) {
                return;
            } else {
                throw DeflateStop.invalid();
            }
        }
    }

    private void putLiteral(int entry) throws DeflateStop {
        if (isFull()) {
            throw DeflateStop.full();
        }
        target[at++] = (byte) (entry >>> HuffmanTable.VALUE);
    }

    private void putMatch(BitSource source, int entry, HuffmanTable distances) throws DeflateStop {
        int length = (entry >>> HuffmanTable.VALUE) + extra(source, entry);
        int found = source.code(distances);
        if ((found & HuffmanTable.SPECIAL) != 0) {
            throw DeflateStop.invalid();
        }
        int distance = (found >>> HuffmanTable.VALUE) + extra(source, found);
        if (isFull()) {
            throw DeflateStop.full();
        }
        if (distance > at - start) {
            throw DeflateStop.invalid();
        }
        for (int stop = Math.min(end, at + length); at < stop; at++) {
            target[at] = target[at - distance];
            length--;
        }
        if (length > 0) {
            throw DeflateStop.full();
        }
    }

    private static int extra(BitSource source, int entry) throws DeflateStop {
        return source.take((entry & HuffmanTable.CONSUMED) - HuffmanTable.codeLength(entry));
    }

    /**
     * Decodes while there is plenty of everything; whether the block ended. One method, and all of its state in local variables, because that
     * is what the compiler makes fast code of. Of {@code count} the lowest 6 bits alone are right: what entries have above theirs is
     * subtracted, too, and ignored.
     */
    private boolean fast(BitSource source, HuffmanTable literalTable, HuffmanTable distanceTable) throws DeflateStop {
        byte[] in = source.data;
        byte[] out = target;
        int[] literals = literalTable.entries;
        int[] distances = distanceTable.entries;
        int literalMask = literalTable.mask;
        int distanceMask = distanceTable.mask;
        int lastIn = source.end - FAST_SOURCE;
        int lastOut = end - FAST_ROOM;
        int from = source.at;
        int to = at;
        long bits = source.bits;
        int count = source.count;
        boolean ended = false;
        boolean valid = true;
        while (from <= lastIn && to <= lastOut) {
            bits |= (long) BitSource.LONGS.get(in, from) << count;
            from += ((63 - count) & 63) >>> 3;
            count |= 56;
            int entry = literals[(int) bits & literalMask];
            if (entry < 0) {
                bits >>>= entry;
                count -= entry;
                out[to++] = (byte) (entry >>> HuffmanTable.VALUE);
                entry = literals[(int) bits & literalMask];
                if (entry < 0) {
                    bits >>>= entry;
                    count -= entry;
                    out[to++] = (byte) (entry >>> HuffmanTable.VALUE);
                    entry = literals[(int) bits & literalMask];
                    if (entry < 0) {
                        bits >>>= entry;
                        count -= entry;
                        out[to++] = (byte) (entry >>> HuffmanTable.VALUE);
                        continue;
                    }
                }
            }
            if ((entry & HuffmanTable.SPECIAL) != 0) {
                if ((entry & HuffmanTable.SUBTABLE) != 0) {
                    bits >>>= entry;
                    count -= entry;
                    int index = (int) bits & ((1 << (entry >>> 8 & 0xF)) - 1);
                    entry = literals[(entry >>> HuffmanTable.VALUE) + index];
                    if (entry < 0) {
                        bits >>>= entry;
                        count -= entry;
                        out[to++] = (byte) (entry >>> HuffmanTable.VALUE);
                        continue;
                    }
                }
                if ((entry & HuffmanTable.SPECIAL) != 0) {
                    bits >>>= entry;
                    count -= entry;
                    ended = (entry & HuffmanTable.END) != 0;
                    valid = ended;
                    break;
                }
            }
            int length = (entry >>> HuffmanTable.VALUE) + (int) ((bits & ((1L << entry) - 1)) >>> (entry >>> 8 & 0xF));
            bits >>>= entry;
            count -= entry;
            if ((count & 63) < LONGEST_DISTANCE_BITS) {
                bits |= (long) BitSource.LONGS.get(in, from) << count;
                from += ((63 - count) & 63) >>> 3;
                count |= 56;
            }
            entry = distances[(int) bits & distanceMask];
            if ((entry & HuffmanTable.SPECIAL) != 0) {
                if ((entry & HuffmanTable.SUBTABLE) != 0) {
                    bits >>>= entry;
                    count -= entry;
                    int index = (int) bits & ((1 << (entry >>> 8 & 0xF)) - 1);
                    entry = distances[(entry >>> HuffmanTable.VALUE) + index];
                }
                if ((entry & HuffmanTable.SPECIAL) != 0) {
                    valid = false;
                    break;
                }
            }
            int distance =
                    (entry >>> HuffmanTable.VALUE) + (int) ((bits & ((1L << entry) - 1)) >>> (entry >>> 8 & 0xF));
            bits >>>= entry;
            count -= entry;
            if (distance > to - start) {
                valid = false;
                break;
            }
            int copied = to - distance;
            int stop = to + length;
            if (distance >= Long.BYTES) {
                BitSource.LONGS.set(out, to, (long) BitSource.LONGS.get(out, copied));
                BitSource.LONGS.set(out, to + 8, (long) BitSource.LONGS.get(out, copied + 8));
                for (to += 16; to < stop; to += 16) {
                    BitSource.LONGS.set(out, to, (long) BitSource.LONGS.get(out, to - distance));
                    BitSource.LONGS.set(out, to + 8, (long) BitSource.LONGS.get(out, to + 8 - distance));
                }
            } else {
                long repeated = ((long) BitSource.LONGS.get(out, copied) & FIRST_BYTES[distance]) * REPEAT[distance];
                for (int step = STEP[distance]; to < stop; to += step) {
                    BitSource.LONGS.set(out, to, repeated);
                }
            }
            to = stop;
        }
        source.at = from;
        source.bits = bits;
        source.count = count & 63;
        at = to;
        if (!valid) {
            throw DeflateStop.invalid();
        }
        return ended;
    }
}
