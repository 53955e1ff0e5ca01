package io.stillframe.internal.frame;

import io.stillframe.image.Crc32c;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** Reads what {@link FrameIndex} writes, trusting nothing: memory is bounded by {@link FrameTable#MOST} frames. */
public final class FrameIndexReader {
    /** Largest frame, of disk. */
    public static final int LARGEST_FRAME = 64 << 20;

    private final ByteSource image;
    private final String format;
    private final Envelope envelope;

    private FrameIndexReader(ByteSource image, String format, Envelope envelope) {
        this.image = image;
        this.format = format;
        this.envelope = envelope;
    }

    /**
     * The image's frames; empty if another writer made it.
     *
     * @param format its name, for messages
     * @throws SnapshotException CORRUPT if it is ours and broken, UNSUPPORTED if it is of a later version
     */
    public static Optional<FrameTable> read(ByteSource image, String format, Envelope envelope) {
        return new FrameIndexReader(image, format, envelope).read();
    }

    private Optional<FrameTable> read() {
        Optional<ByteBuffer> mark = record(0, FrameIndex.MARK_LENGTH, FrameIndex.MARK);
        Optional<ByteBuffer> footer = record(
                image.size() - envelopeOf(FrameIndex.FOOTER_LENGTH), FrameIndex.FOOTER_LENGTH, FrameIndex.FOOTER);
        if (mark.isEmpty() && footer.isEmpty()) {
            return Optional.empty();
        }
        require(footer.isPresent(), "it lost the index at its end; it was cut off");
        require(mark.isPresent(), "it has an index and no mark at its start");
        return Optional.of(frames(mark.get(), footer.get()));
    }

    private FrameTable frames(ByteBuffer mark, ByteBuffer footer) {
        requireVersion(mark);
        requireVersion(footer);
        long announced = mark.getLong();
        int count = footer.getInt();
        long virtualSize = footer.getLong();
        int checksum = footer.getInt();
        require(announced == virtualSize, "its mark and its index differ in the virtual size");
        require(count >= 0 && count < FrameTable.MOST, "its index counts " + (count & 0xFFFFFFFFL) + " frames");
        long end = image.size() - envelopeOf(FrameIndex.FOOTER_LENGTH) - entriesLength(count);
        FrameTable frames = new FrameTable();
        frames.add(envelopeOf(FrameIndex.MARK_LENGTH), 0, false);
        require(end >= frames.storedEnd(), "its index is longer than the file");
        require(entries(frames, end, count) == checksum, "its index's checksum is wrong");
        require(frames.storedEnd() == end, "the frames' stored sizes do not add up to where the index begins");
        require(frames.diskEnd() == virtualSize, "the frames' sizes do not add up to the virtual size");
        return frames;
    }

    private int entries(FrameTable frames, long start, int count) {
        Crc32c checksum = new Crc32c();
        long at = start;
        for (int left = count; left > 0; ) {
            int entries = Math.min(left, FrameIndex.ENTRIES_IN_RECORD);
            ByteBuffer record = envelope.unwrap(bytes(at, envelopeOf(entries * FrameIndex.ENTRY)))
                    .map(found -> found.order(ByteOrder.LITTLE_ENDIAN))
                    .orElseThrow(() -> corrupt("its index is broken"));
            require(record.remaining() == entries * FrameIndex.ENTRY, "its index is broken");
            checksum.update(record.duplicate());
            while (record.hasRemaining()) {
                add(frames, record.getInt(), record.getInt(), start);
            }
            left -= entries;
            at += envelopeOf(entries * FrameIndex.ENTRY);
        }
        return checksum.value();
    }

    private void add(FrameTable frames, int stored, int flagged, long end) {
        int length = flagged & ~FrameIndex.ZERO;
        require(
                length > 0 && length <= LARGEST_FRAME && stored > 0 && stored <= mostStored(length),
                "a frame stores " + length + " bytes of disk as " + (stored & 0xFFFFFFFFL));
        require(stored <= end - frames.storedEnd(), "a frame lies behind the last one's end");
        frames.add(stored, length, flagged < 0);
    }

    /** More than any of the formats needs for bytes that do not compress. */
    public static long mostStored(int length) {
        return length + length / 4L + 4096;
    }

    private void requireVersion(ByteBuffer record) {
        int version = record.getInt();
        if (version != FrameIndex.VERSION) {
            throw SnapshotException.unsupported(format + " image " + image.describe() + ": its index has version "
                    + version + ", known is " + FrameIndex.VERSION);
        }
    }

    /** The record behind its magic, if an envelope with that magic and a right checksum lies there. */
    private Optional<ByteBuffer> record(long offset, int length, long magic) {
        if (offset < 0 || offset + envelopeOf(length) > image.size()) {
            return Optional.empty();
        }
        return envelope.unwrap(bytes(offset, envelopeOf(length)))
                .map(record -> record.order(ByteOrder.LITTLE_ENDIAN))
                .filter(record -> record.remaining() == length && sealed(record) && record.getLong() == magic);
    }

    private static boolean sealed(ByteBuffer record) {
        int end = record.limit() - Integer.BYTES;
        Crc32c checksum = new Crc32c();
        checksum.update(record.duplicate().limit(end));
        return checksum.value() == record.getInt(end);
    }

    private int envelopeOf(int length) {
        return envelope.overhead() + length;
    }

    private long entriesLength(int count) {
        int records = (count + FrameIndex.ENTRIES_IN_RECORD - 1) / FrameIndex.ENTRIES_IN_RECORD;
        return (long) records * envelope.overhead() + (long) count * FrameIndex.ENTRY;
    }

    private ByteBuffer bytes(long offset, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        image.read(offset, bytes);
        return bytes.flip();
    }

    private void require(boolean kept, String fault) {
        if (!kept) {
            throw corrupt(fault);
        }
    }

    private SnapshotException corrupt(String fault) {
        return SnapshotException.corrupt(format + " image " + image.describe() + ": " + fault);
    }
}
