package io.stillframe.image.vhd;

import io.stillframe.internal.image.BlockLayout;
import io.stillframe.internal.image.PlainEncoder;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Writes a dynamic image in one pass: blocks with data in disk order, the footer behind them, everything else in the head. */
final class DynamicWriter implements ImageWriter {
    private static final int LARGEST_CHUNK = 1 << 20;
    private static final int ID_DISK = 0;

    private final DynamicLayout layout;
    private final BlockLayout blocks;

    DynamicWriter(DynamicLayout layout) {
        this.layout = layout;
        byte[] bitmap = new byte[layout.bitmapBytes()];
        Arrays.fill(bitmap, 0, layout.blockSize() / DynamicHeader.SECTOR / Byte.SIZE, (byte) 0xff);
        this.blocks =
                new BlockLayout("vhd", layout.virtualSize(), layout.blockSize(), chunkSize(), bitmap, layout.padding());
    }

    @Override
    public int chunkSize() {
        return Math.min(layout.blockSize(), LARGEST_CHUNK);
    }

    @Override
    public int maxEncodedSize() {
        return chunkSize();
    }

    @Override
    public int headLength() {
        return layout.firstBlock();
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new PlainEncoder();
    }

    @Override
    public void begin(ByteSink body) {
        blocks.begin();
    }

    @Override
    public void append(EncodedChunk chunk, ByteSink body) {
        blocks.append(chunk, body);
    }

    @Override
    public void appendZeros(ByteRange range, ByteSink body) {
        blocks.appendZeros(range, body);
    }

    @Override
    public ByteBuffer finish(ByteSink body) {
        blocks.finish(body);
        ByteBuffer footer = Footer.write(
                Footer.DiskType.DYNAMIC,
                Footer.LENGTH,
                layout.virtualSize(),
                layout.storedSize(),
                blocks.ids().of(ID_DISK));
        body.write(footer.duplicate());
        ByteBuffer head = ByteBuffer.allocate(layout.firstBlock()).put(footer);
        head.put(DynamicHeader.write(layout.tableOffset(), layout.entries(), layout.blockSize()));
        return table(head);
    }

    private ByteBuffer table(ByteBuffer head) {
        long next = layout.firstBlock();
        for (int block = 0; block < layout.entries(); block++) {
            boolean stored = blocks.isStored(block);
            head.putInt(stored ? (int) (next / DynamicHeader.SECTOR) : DynamicMap.UNUSED);
            next += stored ? layout.stride() : 0;
        }
        return head.clear();
    }

    @Override
    public void close() {
        // Everything is on the heap.
    }
}
