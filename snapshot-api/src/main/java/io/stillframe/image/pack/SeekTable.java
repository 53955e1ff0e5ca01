package io.stillframe.image.pack;

import io.stillframe.image.Crc32c;
import io.stillframe.spi.ByteSink;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The seek table of the Zstandard seekable format 0.1.0, for other readers: the sizes of all frames of a file in order. Grows to
 * {@link PackFormat#MOST_SEEKABLE} entries and is left out beyond.
 */
final class SeekTable {
    private static final int STEP = 64 * 1024;

    /** Stored and raw size in turn. */
    private int[] sizes = new int[128];

    private int count;
    private boolean dropped;

    /** Bytes of a table of so many entries. */
    static long length(long entries) {
        return PackFormat.FRAME_HEADER + entries * PackFormat.SEEK_ENTRY + PackFormat.SEEK_FOOTER;
    }

    void add(int stored, int raw) {
        if (dropped || count == PackFormat.MOST_SEEKABLE) {
            drop();
            return;
        }
        if (2 * count == sizes.length) {
            sizes = Arrays.copyOf(sizes, 2 * sizes.length);
        }
        sizes[2 * count] = stored;
        sizes[2 * count + 1] = raw;
        count++;
    }

    /** Leaves the table out. */
    void drop() {
        dropped = true;
        count = 0;
        sizes = new int[0];
    }

    /** Its bytes, 0 if it is left out. */
    long length() {
        return dropped ? 0 : length(count);
    }

    int checksum() {
        Crc32c checksum = new Crc32c();
        write(checksum::update);
        return checksum.value();
    }

    void write(ByteSink sink) {
        if (dropped) {
            return;
        }
        ByteBuffer bytes = PackFormat.allocate(STEP);
        bytes.putInt(PackFormat.SEEK_TABLE_FRAME).putInt((int) length() - PackFormat.FRAME_HEADER);
        for (int i = 0; i < 2 * count; i++) {
            if (bytes.remaining() < Integer.BYTES) {
                sink.write(bytes.flip());
                bytes.clear();
            }
            bytes.putInt(sizes[i]);
        }
        if (bytes.remaining() < PackFormat.SEEK_FOOTER) {
            sink.write(bytes.flip());
            bytes.clear();
        }
        bytes.putInt(count).put((byte) 0).putInt(PackFormat.SEEKABLE);
        sink.write(bytes.flip());
    }
}
