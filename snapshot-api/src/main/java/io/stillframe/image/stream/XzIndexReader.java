package io.stillframe.image.stream;

import io.stillframe.internal.frame.FrameIndexReader;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Reads the indexes of all streams of a .xz file, from its end to its start as the format wants it, trusting nothing: memory is bounded
 * by {@link FrameTable#MOST} blocks and 65,536 streams.
 */
final class XzIndexReader {
    private static final int MOST_STREAMS = 1 << 16;
    private static final int LONGEST_PADDING = 1 << 20;
    private static final int SMALLEST_INDEX = 8;
    private static final int LONGEST_NUMBER = 9;
    private static final int STEP = 64 * 1024;

    private final ByteSource image;

    XzIndexReader(ByteSource image) {
        this.image = image;
    }

    /** All blocks; empty if there are some that cannot be read in place, or too many of them. Throws CORRUPT. */
    Optional<FrameTable> read() {
        Deque<Stream> streams = new ArrayDeque<>();
        long end = image.size();
        require(end > 0, "it is empty");
        while (end > 0) {
            if (streams.size() == MOST_STREAMS) {
                return Optional.empty();
            }
            Stream stream = streamBefore(end);
            streams.addFirst(stream);
            end = stream.start;
        }
        int check = streams.getFirst().check;
        if (XzDecompressor.checkLength(check).isEmpty() || streams.stream().anyMatch(stream -> stream.check != check)) {
            return Optional.empty();
        }
        return frames(streams, check);
    }

    /** The number of the check that the first stream uses. */
    int check() {
        return bytes(XzBlocks.MAGIC.length + 1, 1).get() & 0xFF;
    }

    private Stream streamBefore(long end) {
        long footerEnd = end - padding(end);
        require(footerEnd >= 2L * XzBlocks.HEADER + SMALLEST_INDEX, "a stream is too short");
        ByteBuffer footer = bytes(footerEnd - XzBlocks.FOOTER, XzBlocks.FOOTER);
        long indexLength = ((footer.getInt(4) & 0xFFFFFFFFL) + 1) * Integer.BYTES;
        int check = footer.get(9) & 0xFF;
        require(
                footer.equals(XzBlocks.footer(check, indexLength)),
                "it does not end as a stream does; it was cut off or damaged");
        long indexStart = footerEnd - XzBlocks.FOOTER - indexLength;
        require(indexStart >= XzBlocks.HEADER, "an index is longer than the file");
        long start = indexStart - blocks(indexStart, indexLength, Optional.empty()) - XzBlocks.HEADER;
        require(
                start >= 0 && bytes(start, XzBlocks.HEADER).equals(XzBlocks.header(check)),
                "no stream begins where an index says");
        return new Stream(start, indexStart, indexLength, end, check);
    }

    private long padding(long end) {
        long padding = 0;
        while (end - padding >= Integer.BYTES
                && bytes(end - padding - Integer.BYTES, Integer.BYTES).getInt() == 0) {
            padding += Integer.BYTES;
            require(padding <= LONGEST_PADDING, "more than " + LONGEST_PADDING + " bytes of padding follow a stream");
        }
        return padding;
    }

    private Optional<FrameTable> frames(Deque<Stream> streams, int check) {
        FrameTable frames = new FrameTable();
        try (XzZeros zeros = new XzZeros(image, check)) {
            for (Stream stream : streams) {
                frames.add(XzBlocks.HEADER, 0, false);
                blocks(stream.indexStart, stream.indexLength, Optional.of((stored, length) -> {
                    if (length > FrameIndexReader.LARGEST_FRAME
                            || stored > FrameIndexReader.mostStored((int) length)
                            || frames.count() > FrameTable.MOST - 3) {
                        throw new NotInPlace();
                    }
                    boolean zero = zeros.isZero(frames.storedEnd(), (int) stored, (int) length);
                    frames.add((int) stored, (int) length, zero);
                }));
                long rest = stream.end - stream.indexStart;
                if (rest > Integer.MAX_VALUE || frames.count() > FrameTable.MOST - 3) {
                    return Optional.empty();
                }
                frames.add((int) rest, 0, false);
            }
            return Optional.of(frames);
        } catch (NotInPlace e) {
            return Optional.empty();
        }
    }

    /** Bytes of all blocks of an index; each is handed to {@code consumer}, if there is one. */
    private long blocks(long start, long length, Optional<BlockConsumer> consumer) {
        Input index = new Input(start, length - Integer.BYTES);
        require(index.next() == 0, "no index is where one should be");
        long records = index.number();
        require(records >= 0 && records <= length / 2, "an index counts " + records + " blocks");
        long total = 0;
        for (long i = 0; i < records; i++) {
            long unpadded = index.number();
            long uncompressed = index.number();
            require(unpadded >= 5 && unpadded <= start && uncompressed >= 0, "an index has a block of " + unpadded);
            long stored = (unpadded + 3) & ~3L;
            total += stored;
            require(total <= start, "the blocks of an index are longer than the file");
            if (consumer.isPresent()) {
                consumer.get().accept(stored, uncompressed);
            }
        }
        index.requireEnd();
        return total;
    }

    /** A number of 7 bits in each byte, the lowest first, of at most 63 bits. */
    static long number(ByteBuffer bytes) {
        long number = 0;
        for (int i = 0; i < LONGEST_NUMBER; i++) {
            byte next = bytes.get();
            number |= (long) (next & 0x7F) << (7 * i);
            if (next >= 0) {
                return number;
            }
        }
        return -1;
    }

    private ByteBuffer bytes(long offset, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        image.read(offset, bytes);
        return bytes.flip();
    }

    private void require(boolean kept, String fault) {
        if (!kept) {
            throw SnapshotException.corrupt("xz image " + image.describe() + ": " + fault);
        }
    }

    private interface BlockConsumer {
        void accept(long stored, long uncompressed);
    }

    /** Where one stream lies: its index, and the end of what follows it. */
    private record Stream(long start, long indexStart, long indexLength, long end, int check) {}

    /** A block that is too large to be read in place. */
    private static final class NotInPlace extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotInPlace() {
            super("a block is too large to be read in place", null, false, false);
        }
    }

    /** An index read in steps and summed up, without its checksum at the end. */
    private final class Input {
        private final long end;
        private final CRC32 checksum = new CRC32();
        private ByteBuffer step = ByteBuffer.allocate(0);
        private long at;

        Input(long start, long length) {
            this.at = start;
            this.end = start + length;
        }

        int next() {
            if (!step.hasRemaining()) {
                require(at < end, "an index ends too early");
                step = bytes(at, (int) Math.min(STEP, end - at));
                checksum.update(step.duplicate());
                at += step.remaining();
            }
            return step.get() & 0xFF;
        }

        long number() {
            long number = 0;
            for (int i = 0; i < LONGEST_NUMBER; i++) {
                int next = next();
                number |= (long) (next & 0x7F) << (7 * i);
                if (next < 0x80) {
                    return number;
                }
            }
            throw SnapshotException.corrupt(
                    "xz image " + image.describe() + ": an index has a number that does not end");
        }

        void requireEnd() {
            require(end - at + step.remaining() < Integer.BYTES, "an index is longer than its blocks");
            while (step.hasRemaining() || at < end) {
                require(next() == 0, "an index has a broken padding");
            }
            require(bytes(end, Integer.BYTES).getInt() == (int) checksum.getValue(), "an index's checksum is wrong");
        }
    }
}
