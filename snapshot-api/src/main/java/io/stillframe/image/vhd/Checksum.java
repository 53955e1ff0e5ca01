package io.stillframe.image.vhd;

import java.nio.ByteBuffer;

/** The format's checksum: the one's complement of the sum of a structure's bytes without the checksum itself. Stateless. */
final class Checksum {
    private Checksum() {}

    /** Of the bytes from 0 to the limit, with the checksum's own four bytes at {@code field}. */
    static int of(ByteBuffer bytes, int field) {
        int sum = 0;
        for (int i = 0; i < bytes.limit(); i++) {
            if (i < field || i >= field + Integer.BYTES) {
                sum += bytes.get(i) & 0xff;
            }
        }
        return ~sum;
    }
}
