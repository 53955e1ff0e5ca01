package io.stillframe.image.vhdx;

import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** What all structures of a file have in common: byte order, checksums, fixed places ("Header Section"). Stateless. */
final class Structures {
    static final int MIB = 1 << 20;
    static final int KIB64 = 64 << 10;
    static final int SECTOR = 4 << 10;

    /** "vhdxfile". */
    static final long FILE_SIGNATURE = 0x656c696678646876L;

    static final int AT_CREATOR = 8;
    static final int CREATOR_LENGTH = 512;

    static final long[] HEADERS = {64 << 10, 128 << 10};
    static final long[] REGION_TABLES = {192 << 10, 256 << 10};

    /** In headers, region tables and log entries. */
    static final int AT_CHECKSUM = 4;

    private Structures() {}

    static ByteBuffer allocate(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Bytes of the file, which must have them. */
    static ByteBuffer read(ByteSource image, long at, int length) {
        ByteBuffer bytes = allocate(length);
        image.read(at, bytes);
        return bytes.flip();
    }

    /** CRC-32C of a structure, its checksum counted as zeros. */
    static int checksum(ByteBuffer structure) {
        ByteBuffer bytes = structure.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear();
        CRC32C crc = new CRC32C();
        crc.update(bytes.limit(AT_CHECKSUM));
        crc.update(new byte[Integer.BYTES]);
        crc.update(bytes.clear().position(AT_CHECKSUM + Integer.BYTES));
        return (int) crc.getValue();
    }

    static boolean isIntact(ByteBuffer structure, int signature) {
        return structure.getInt(0) == signature && structure.getInt(AT_CHECKSUM) == checksum(structure);
    }
}
