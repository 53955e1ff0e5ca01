package io.stillframe.image.zstd;

import io.stillframe.image.Crc32c;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.spi.ByteSink;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;

/**
 * What follows the disk's frames: our index in a skippable frame, then the seek table of the Zstandard seekable format 0.1.0 in another,
 * whose last entry is the index. All numbers are little-endian.
 *
 * <pre>
 * index       u32 0x184D2A53, u32 bytes behind this field,
 *             8 bytes "STILLFRM", u32 version 1, u32 disk frames, u64 virtual size, u32 CRC32C of the seek table frame,
 *             one bit for each disk frame, lowest first, set if the frame holds zeros only, padded to a byte,
 *             u32 CRC32C of the index up to here
 * seek table  u32 0x184D2A5E, u32 bytes behind this field, for each frame u32 stored and u32 raw length,
 *             u32 frames, u8 descriptor 0, u32 0x8F92EAB1
 * </pre>
 *
 * The index makes zeros known without reading them and guards the seek table, which has no checksum of its own.
 */
final class SeekTable {
    static final int SKIPPABLE_INDEX = 0x184D2A53;
    static final int SKIPPABLE_SEEK_TABLE = 0x184D2A5E;
    static final int SEEKABLE = 0x8F92EAB1;
    /** "STILLFRM". */
    static final long INDEX_MAGIC = 0x4D52464C4C495453L;

    static final int VERSION = 1;
    static final int FRAME_HEADER = 8;
    static final int ENTRY = 8;
    static final int FOOTER = 9;
    /** Bytes of an index without its bits. */
    static final int INDEX_FIXED = FRAME_HEADER + 8 + 4 + 4 + 8 + 4 + 4;

    private static final int BUFFER = 64 * 1024;

    private final FrameTable frames;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);

    private SeekTable(FrameTable frames) {
        this.frames = frames;
    }

    /** Bytes of the index of so many frames. */
    static int indexLength(int frames) {
        return INDEX_FIXED + (frames + 7) / 8;
    }

    /** Writes index and seek table behind the frames. */
    static void write(FrameTable frames, ByteSink sink) {
        SeekTable table = new SeekTable(frames);
        Crc32c checksum = new Crc32c();
        table.writeEntries(checksum::update);
        table.writeIndex(checksum.value(), sink);
        table.writeEntries(sink);
    }

    private void writeIndex(int tableChecksum, ByteSink sink) {
        int length = indexLength(frames.count());
        ByteBuffer index = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        index.putInt(SKIPPABLE_INDEX)
                .putInt(length - FRAME_HEADER)
                .putLong(INDEX_MAGIC)
                .putInt(VERSION);
        index.putInt(frames.count()).putLong(frames.diskEnd()).putInt(tableChecksum);
        index.put(zeros().toByteArray()).position(length - Integer.BYTES);
        Crc32c checksum = new Crc32c();
        checksum.update(index.duplicate().flip());
        index.putInt(checksum.value()).flip();
        sink.write(index);
    }

    private BitSet zeros() {
        BitSet zeros = new BitSet(frames.count());
        for (FrameTable.Cursor frame = frames.first(); frame.exists(); frame.next()) {
            zeros.set(frame.number(), frame.zero());
        }
        return zeros;
    }

    private void writeEntries(ByteSink sink) {
        int entries = frames.count() + 1;
        buffer.clear().putInt(SKIPPABLE_SEEK_TABLE).putInt(entries * ENTRY + FOOTER);
        for (FrameTable.Cursor frame = frames.first(); frame.exists(); frame.next()) {
            flushUnless(ENTRY, sink);
            buffer.putInt(frame.stored()).putInt(frame.length());
        }
        flushUnless(ENTRY + FOOTER, sink);
        buffer.putInt(indexLength(frames.count())).putInt(0);
        buffer.putInt(entries).put((byte) 0).putInt(SEEKABLE);
        flush(sink);
    }

    private void flushUnless(int room, ByteSink sink) {
        if (buffer.remaining() < room) {
            flush(sink);
        }
    }

    private void flush(ByteSink sink) {
        sink.write(buffer.flip());
        buffer.clear();
    }
}
