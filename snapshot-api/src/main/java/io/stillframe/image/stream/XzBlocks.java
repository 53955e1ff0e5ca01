package io.stillframe.image.stream;

import io.stillframe.internal.frame.Frame;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.frame.FrameWriter;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/**
 * How a .xz stream of many blocks is written: stream header, blocks, index, stream footer, sections 2.1 and 4 of the .xz format. Keeps
 * a byte for each block besides the table. For one writer.
 */
final class XzBlocks implements FrameWriter.Format {
    static final byte[] MAGIC = {(byte) 0xFD, '7', 'z', 'X', 'Z', 0};
    static final int HEADER = 12;
    static final int FOOTER = 12;
    /** CRC64, the check that xz uses by default. */
    static final int CHECK = 4;

    static final short FOOTER_MAGIC = 'Y' | 'Z' << 8;
    private static final int BUFFER = 64 * 1024;

    private final int level;
    private final int chunk;
    private final ByteArrayOutputStream paddings = new ByteArrayOutputStream();

    XzBlocks(int level, int chunk) {
        this.level = level;
        this.chunk = chunk;
    }

    /** The header of a stream with that check. */
    static ByteBuffer header(int check) {
        ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
        header.put(MAGIC).put((byte) 0).put((byte) check);
        return header.putInt(crc32(header.slice(MAGIC.length, 2))).flip();
    }

    /** The footer behind an index of that length. */
    static ByteBuffer footer(int check, long indexLength) {
        ByteBuffer footer = ByteBuffer.allocate(FOOTER).order(ByteOrder.LITTLE_ENDIAN);
        footer.position(Integer.BYTES).putInt((int) (indexLength / 4 - 1)).put((byte) 0);
        footer.put((byte) check).putShort(FOOTER_MAGIC);
        return footer.putInt(0, crc32(footer.slice(Integer.BYTES, 6))).flip();
    }

    static int crc32(ByteBuffer bytes) {
        CRC32 checksum = new CRC32();
        checksum.update(bytes);
        return (int) checksum.getValue();
    }

    /** Appends a number of 7 bits in each byte, the lowest first. */
    static void putNumber(ByteBuffer target, long number) {
        long left = number;
        for (; left >= 0x80; left >>>= 7) {
            target.put((byte) (left | 0x80));
        }
        target.put((byte) left);
    }

    /** LZMA2 stores what does not compress in pieces of 64 KiB with headers of 3 bytes. */
    @Override
    public int maxEncodedSize(int length) {
        return length + length / 4096 + 1024;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new XzEncoder(level, chunk);
    }

    @Override
    public void begin(FrameTable frames, long virtualSize, ByteSink sink) {
        frames.add(HEADER, 0, false);
        sink.write(header(CHECK));
    }

    @Override
    public void added(Frame frame) {
        paddings.write(frame.padding());
    }

    @Override
    public void finish(FrameTable frames, ByteSink sink) {
        IndexOutput index = new IndexOutput(sink);
        byte[] padding = paddings.toByteArray();
        index.begin(frames.count() - 1);
        for (FrameTable.Cursor frame = frames.first(); frame.exists(); frame.next()) {
            if (frame.length() > 0) {
                index.add(frame.stored() - padding[frame.number() - 1], frame.length());
            }
        }
        sink.write(footer(CHECK, index.end()));
    }

    /** Writes an index in steps, summing it up. */
    private static final class IndexOutput {
        private static final int LONGEST_RECORD = 18;

        private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        private final CRC32 checksum = new CRC32();
        private final ByteSink sink;
        private long length;

        IndexOutput(ByteSink sink) {
            this.sink = sink;
        }

        void begin(long records) {
            buffer.put((byte) 0);
            putNumber(buffer, records);
        }

        void add(long unpadded, long uncompressed) {
            if (buffer.remaining() < LONGEST_RECORD) {
                flush();
            }
            putNumber(buffer, unpadded);
            putNumber(buffer, uncompressed);
        }

        /** The index's length. */
        long end() {
            flush();
            while (length % Integer.BYTES != 0) {
                buffer.put((byte) 0);
                length++;
            }
            length -= buffer.position();
            flush();
            buffer.putInt((int) checksum.getValue());
            flush();
            return length;
        }

        private void flush() {
            checksum.update(buffer.flip().duplicate());
            length += buffer.remaining();
            sink.write(buffer);
            buffer.clear();
        }
    }
}
