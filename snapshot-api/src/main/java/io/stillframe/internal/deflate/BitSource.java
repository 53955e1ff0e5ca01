package io.stillframe.internal.deflate;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Bits of a part of an array, lowest bit of each byte first (RFC 1951, section 3.1.1). Up to 63 bits are held; what the word holds above
 * {@link #count} are bits that come next, or zeros. For one thread at a time.
 */
final class BitSource {
    /** Eight bytes of an array as a number, the first byte lowest. */
    static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    byte[] data = {};
    int at;
    int end;
    long bits;
    int count;

    /** Starts with the bytes from {@code from} up to {@code to}. */
    void start(byte[] bytes, int from, int to) {
        data = bytes;
        at = from;
        end = to;
        bits = 0;
        count = 0;
    }

    /** Takes in bytes until 56 bits or more are held or none are left. */
    void fill() {
        if (end - at >= Long.BYTES) {
            bits |= (long) LONGS.get(data, at) << count;
            at += (63 - count) >>> 3;
            count |= 56;
            return;
        }
        while (count < 56 && at < end) {
            bits |= (data[at++] & 0xFFL) << count;
            count += Byte.SIZE;
        }
    }

    /** Takes at most 16 bits. */
    int take(int length) throws DeflateStop {
        require(length);
        int value = (int) bits & ((1 << length) - 1);
        drop(length);
        return value;
    }

    /** Makes sure that so many bits, at most 56, are held. */
    void require(int length) throws DeflateStop {
        if (count < length) {
            fill();
            if (count < length) {
                throw DeflateStop.truncated();
            }
        }
    }

    void drop(int length) {
        bits >>>= length;
        count -= length;
    }

    /** Looks the next code up and consumes it, but not the extra bits behind it. The entry of a code that does not exist is one, too. */
    int code(HuffmanTable table) throws DeflateStop {
        if (count < HuffmanTable.LONGEST_CODE) {
            fill();
        }
        int entry = table.entries[(int) bits & table.mask];
        if ((entry & HuffmanTable.SUBTABLE) != 0) {
            int root = entry & HuffmanTable.CONSUMED;
            int index = (int) (bits >>> root) & ((1 << HuffmanTable.codeLength(entry)) - 1);
            entry = table.entries[(entry >>> HuffmanTable.VALUE) + index];
            require(root + HuffmanTable.codeLength(entry));
            drop(root);
        }
        int length = HuffmanTable.codeLength(entry);
        require(length);
        drop(length);
        return entry;
    }

    /** Goes on at the next whole byte, with no bits held. */
    void align() {
        at -= count >>> 3;
        bits = 0;
        count = 0;
    }

    /** Where the first byte lies of which no bit was consumed. */
    int position() {
        return at - (count >>> 3);
    }
}
