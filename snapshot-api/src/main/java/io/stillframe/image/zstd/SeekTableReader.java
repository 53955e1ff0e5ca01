package io.stillframe.image.zstd;

import com.github.luben.zstd.Zstd;
import io.stillframe.image.Crc32c;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.zstd.ZeroFrame;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.Optional;

/**
 * Reads a file's seek table, and our index if there is one, trusting nothing: every count and size is checked against the file's length
 * before it is used, and memory is bounded by {@link FrameTable#MOST} frames. Images by other writers of the seekable format are read
 * too.
 */
final class SeekTableReader {
    /** Largest frame with data, of disk. */
    static final int LARGEST_FRAME = 64 << 20;

    private static final int CHECKSUM_FLAG = 0x80;
    private static final int RESERVED_BITS = 0x7C;
    private static final int STEP = 24 * 2048;
    private static final int ZSTD_MAGIC = 0xFD2FB528;
    private static final long UNSIGNED = 0xFFFFFFFFL;

    private final ByteSource image;
    private final long size;

    private SeekTableReader(ByteSource image) {
        this.image = image;
        this.size = image.size();
    }

    /**
     * The frames of the disk.
     *
     * @throws SnapshotException CORRUPT or UNSUPPORTED
     */
    static FrameTable read(ByteSource image) {
        return new SeekTableReader(image).read();
    }

    private FrameTable read() {
        Footer footer = footer();
        Optional<Index> index = index(footer);
        FrameTable frames = new FrameTable();
        int checksum = entries(footer, index, frames);
        require(
                frames.storedEnd() + index.map(Index::length).orElse(0) == footer.tableStart,
                "the frames' stored sizes do not add up to where the seek table begins");
        index.ifPresent(known -> {
            require(checksum == known.tableChecksum, "the seek table's checksum is wrong");
            require(frames.diskEnd() == known.virtualSize, "the frames' sizes do not add up to the virtual size");
        });
        return frames;
    }

    private Footer footer() {
        if (size < SeekTable.FRAME_HEADER + SeekTable.FOOTER) {
            throw corrupt("it has only " + size + " bytes");
        }
        ByteBuffer bytes = bytes(size - SeekTable.FOOTER, SeekTable.FOOTER);
        long entries = bytes.getInt() & UNSIGNED;
        int descriptor = bytes.get();
        if (bytes.getInt() != SeekTable.SEEKABLE) {
            throw withoutTable();
        }
        if ((descriptor & RESERVED_BITS) != 0) {
            throw unsupported("its seek table uses features of a later version");
        }
        if (entries > FrameTable.MOST) {
            throw unsupported("it has " + entries + " frames, at most " + FrameTable.MOST + " are supported");
        }
        int entry = SeekTable.ENTRY + ((descriptor & CHECKSUM_FLAG) != 0 ? Integer.BYTES : 0);
        long tableLength = SeekTable.FRAME_HEADER + entries * entry + SeekTable.FOOTER;
        require(tableLength <= size, "its seek table of " + entries + " frames is longer than the file");
        ByteBuffer header = bytes(size - tableLength, SeekTable.FRAME_HEADER);
        require(
                header.getInt() == SeekTable.SKIPPABLE_SEEK_TABLE
                        && (header.getInt() & UNSIGNED) == tableLength - SeekTable.FRAME_HEADER,
                "its seek table does not begin where its end says");
        return new Footer(size - tableLength, (int) entries, entry);
    }

    private SnapshotException withoutTable() {
        if (size >= Integer.BYTES && bytes(0, Integer.BYTES).getInt() == ZSTD_MAGIC) {
            return unsupported(
                    "it has no seek table at its end: it was cut off, or compressed by a tool that writes none;"
                            + " decompress it with zstd -d and open it as raw");
        }
        return corrupt("it has neither the mark of zstd nor a seek table");
    }

    /** Our index, if it is what lies in front of the seek table; the table's last entry must then say so. */
    private Optional<Index> index(Footer footer) {
        int length = SeekTable.indexLength(Math.max(0, footer.entries - 1));
        if (footer.entries == 0 || length > footer.tableStart) {
            return Optional.empty();
        }
        ByteBuffer bytes = bytes(footer.tableStart - length, length);
        if (bytes.getInt() != SeekTable.SKIPPABLE_INDEX
                || bytes.getInt() != length - SeekTable.FRAME_HEADER
                || bytes.getLong() != SeekTable.INDEX_MAGIC) {
            return Optional.empty();
        }
        ByteBuffer entry = bytes(footer.entryOffset(footer.entries - 1), SeekTable.ENTRY);
        require(entry.getInt() == length && entry.getInt() == 0, "the seek table's last entry is not its index");
        return Optional.of(index(bytes, footer.entries - 1));
    }

    private Index index(ByteBuffer bytes, int frames) {
        int end = bytes.limit() - Integer.BYTES;
        Crc32c checksum = new Crc32c();
        checksum.update(bytes.duplicate().position(0).limit(end));
        require(checksum.value() == bytes.getInt(end), "its index's checksum is wrong");
        int version = bytes.getInt();
        if (version != SeekTable.VERSION) {
            throw unsupported("its index has version " + version + ", known is " + SeekTable.VERSION);
        }
        require(bytes.getInt() == frames, "its index and its seek table differ in the number of frames");
        long virtualSize = bytes.getLong();
        int tableChecksum = bytes.getInt();
        return new Index(bytes.limit(), virtualSize, tableChecksum, BitSet.valueOf(bytes.limit(end)));
    }

    /** Adds the disk's frames; returns the checksum of the whole seek table frame. */
    private int entries(Footer footer, Optional<Index> index, FrameTable frames) {
        Crc32c checksum = new Crc32c();
        checksum.update(bytes(footer.tableStart, SeekTable.FRAME_HEADER));
        int disk = footer.entries - (index.isPresent() ? 1 : 0);
        BitSet zeros = index.map(Index::zeros).orElseGet(BitSet::new);
        long at = footer.entryOffset(0);
        long end = footer.entryOffset(footer.entries);
        while (at < end) {
            ByteBuffer step = bytes(at, (int) Math.min(STEP, end - at));
            checksum.update(step.duplicate());
            at += step.remaining();
            while (step.hasRemaining() && frames.count() < disk) {
                add(frames, step.getInt(), step.getInt(), zeros);
                step.position(step.position() + footer.entry - SeekTable.ENTRY);
            }
        }
        checksum.update(bytes(end, SeekTable.FOOTER));
        return checksum.value();
    }

    private void add(FrameTable frames, int stored, int length, BitSet zeros) {
        boolean zero = zeros.get(frames.count());
        if (stored < 0 || length < 0 || length > LARGEST_FRAME) {
            throw unsupported("frame " + frames.count() + " stores " + (stored & UNSIGNED) + " bytes of disk as "
                    + (length & UNSIGNED) + "; frames of up to " + LARGEST_FRAME + " bytes are supported");
        }
        if (zero) {
            require(
                    length > 0 && stored == ZeroFrame.storedSize(length),
                    "frame " + frames.count() + " is marked as zeros and does not have their size");
        } else if (length > 0) {
            require(
                    stored > 0 && stored <= Zstd.compressBound(length),
                    "frame " + frames.count() + " of " + length + " bytes is stored in " + stored);
        }
        require(stored <= size - frames.storedEnd(), "frame " + frames.count() + " lies behind the file's end");
        frames.add(stored, length, zero);
    }

    private ByteBuffer bytes(long offset, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        image.read(offset, bytes);
        return bytes.flip();
    }

    private void require(boolean kept, String fault) {
        if (!kept) {
            throw corrupt(fault);
        }
    }

    private SnapshotException corrupt(String fault) {
        return SnapshotException.corrupt("zstd image " + image.describe() + ": " + fault);
    }

    private SnapshotException unsupported(String what) {
        return SnapshotException.unsupported("zstd image " + image.describe() + ": " + what);
    }

    /** Where the seek table is and how it is built. */
    private record Footer(long tableStart, int entries, int entry) {
        long entryOffset(int number) {
            return tableStart + SeekTable.FRAME_HEADER + (long) number * entry;
        }
    }

    private record Index(int length, long virtualSize, int tableChecksum, BitSet zeros) {}
}
