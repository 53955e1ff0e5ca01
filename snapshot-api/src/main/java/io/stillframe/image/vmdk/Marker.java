package io.stillframe.image.vmdk;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What stands in front of each grain and each piece of metadata in a stream-optimized image ("Markers"). Stateless.
 *
 * <p>A grain's marker is {@link #GRAIN_LENGTH} bytes with the grain's first disk sector and the length of the compressed data, which
 * follows at once. Any other marker has a sector of its own, a length of 0 and a type.
 */
final class Marker {
    static final int GRAIN_LENGTH = 12;
    static final int END_OF_STREAM = 0;
    static final int GRAIN_TABLE = 1;
    static final int GRAIN_DIRECTORY = 2;
    static final int FOOTER = 3;

    private static final int SIZE_AT = 8;
    private static final int TYPE_AT = 12;

    private Marker() {}

    /** Puts a grain's marker. */
    static void putGrain(ByteBuffer target, int at, long diskSector, int length) {
        ByteBuffer bytes = target.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(at, diskSector).putInt(at + SIZE_AT, length);
    }

    /** The sector with the marker of {@code sectors} of metadata. */
    static ByteBuffer metadata(int type, long sectors) {
        return ByteBuffer.allocate(Sectors.SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, sectors)
                .putInt(TYPE_AT, type);
    }

    /** Whether a marker in its own sector is of a type. */
    static boolean isMetadata(ByteBuffer sector, int at, int type) {
        ByteBuffer bytes = sector.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        return bytes.getInt(at + SIZE_AT) == 0 && bytes.getInt(at + TYPE_AT) == type;
    }

    /** A grain marker's first disk sector, or how many sectors of metadata follow. */
    static long value(ByteBuffer bytes, int at) {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong(at);
    }

    /** A grain marker's length of compressed data, as it is, perhaps negative. */
    static int length(ByteBuffer bytes, int at) {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).getInt(at + SIZE_AT);
    }
}
