package io.stillframe.internal.frame;

import io.stillframe.image.Crc32c;
import io.stillframe.spi.ByteSink;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What our images in frames carry around them, each record in the format's own {@link Envelope}. All numbers are little-endian.
 *
 * <pre>
 * mark     8 bytes "STILLFRM", u32 version 1, u64 virtual size, u32 CRC32C of the record up to here; in front of the frames
 * entries  for each frame u32 stored length and u32 raw length, whose top bit is set if the frame holds zeros only;
 *          8190 in each record, fewer in the last
 * footer   8 bytes "STILLIDX", u32 version 1, u32 frames, u64 virtual size, u32 CRC32C of all entries,
 *          u32 CRC32C of the record up to here; at the file's end
 * </pre>
 *
 * The mark tells an image of ours that lost its index from one by another writer.
 */
public final class FrameIndex {
    /** Longest record that an envelope must take. */
    public static final int LONGEST_RECORD = 65520;

    static final int VERSION = 1;
    /** "STILLFRM". */
    public static final long MARK = 0x4D52464C4C495453L;
    /** "STILLIDX". */
    static final long FOOTER = 0x5844494C4C495453L;

    static final int MARK_LENGTH = 24;
    static final int FOOTER_LENGTH = 32;
    static final int ENTRY = 8;
    static final int ENTRIES_IN_RECORD = LONGEST_RECORD / ENTRY;
    static final int ZERO = 1 << 31;

    private FrameIndex() {}

    /** Writes the mark, which is a frame of nothing in the table. */
    public static void begin(FrameTable frames, long virtualSize, Envelope envelope, ByteSink sink) {
        ByteBuffer mark = record(MARK_LENGTH).putLong(MARK).putInt(VERSION).putLong(virtualSize);
        ByteBuffer stored = envelope.wrap(sealed(mark));
        frames.add(stored.remaining(), 0, false);
        sink.write(stored);
    }

    /** Writes entries and footer behind the frames. */
    public static void finish(FrameTable frames, Envelope envelope, ByteSink sink) {
        Crc32c checksum = new Crc32c();
        FrameTable.Cursor frame = frames.first();
        frame.next();
        ByteBuffer record = record(LONGEST_RECORD);
        while (frame.exists()) {
            record.clear();
            for (; frame.exists() && record.hasRemaining(); frame.next()) {
                record.putInt(frame.stored()).putInt(frame.length() | (frame.zero() ? ZERO : 0));
            }
            checksum.update(record.flip().duplicate());
            sink.write(envelope.wrap(record));
        }
        ByteBuffer footer = record(FOOTER_LENGTH).putLong(FOOTER).putInt(VERSION);
        footer.putInt(frames.count() - 1).putLong(frames.diskEnd()).putInt(checksum.value());
        sink.write(envelope.wrap(sealed(footer)));
    }

    private static ByteBuffer record(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer sealed(ByteBuffer record) {
        Crc32c checksum = new Crc32c();
        checksum.update(record.duplicate().flip());
        return record.putInt(checksum.value()).flip();
    }
}
