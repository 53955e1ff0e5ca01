package io.stillframe.image.vhdx;

import io.stillframe.internal.image.BlockLayout;
import io.stillframe.internal.image.ContentIdentity;
import io.stillframe.internal.image.PlainEncoder;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes an image in one pass: an empty log, blocks with data in disk order, metadata and table behind them; the headers are the head. */
final class VhdxWriter implements ImageWriter {
    private static final int CHUNK = 1 << 20;
    private static final int HEAD = 1 << 20;
    private static final int STEP = 64 << 10;
    private static final String CREATOR = "Stillframe";
    private static final int ID_DISK = 0;
    private static final int ID_FILE = 1;
    private static final int ID_DATA = 2;

    private final VhdxLayout layout;
    private final BlockLayout blocks;

    VhdxWriter(VhdxLayout layout) {
        this.layout = layout;
        this.blocks = new BlockLayout("vhdx", layout.virtualSize(), layout.blockSize(), CHUNK, new byte[0], 0);
    }

    @Override
    public int chunkSize() {
        return CHUNK;
    }

    @Override
    public int maxEncodedSize() {
        return CHUNK;
    }

    @Override
    public int headLength() {
        return HEAD;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new PlainEncoder();
    }

    @Override
    public void begin(ByteSink body) {
        blocks.begin();
        body.writeZeros(VhdxLayout.LOG_LENGTH);
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
        ContentIdentity.Ids ids = blocks.ids();
        Metadata metadata = layout.metadata();
        ByteBuffer items = metadata.write(layout.virtualSize(), Guid.of(ids.of(ID_DISK)));
        int padding = VhdxLayout.METADATA_LENGTH - items.remaining();
        body.write(items);
        body.writeZeros(padding);
        Regions regions = layout.regions(blocks.storedBlocks());
        writeTable(metadata, regions.table().length(), body);
        return head(regions, ids);
    }

    private void writeTable(Metadata metadata, long length, ByteSink body) {
        ByteBuffer entries = Structures.allocate(STEP);
        long block = 0;
        long next = VhdxLayout.FIRST_BLOCK;
        for (long done = 0; done < length; done += STEP) {
            boolean used = false;
            for (int at = 0; at < STEP; at += Long.BYTES) {
                long entry = 0;
                boolean payload = block < metadata.blocks() && metadata.entryOf(block) == (done + at) / Long.BYTES;
                if (payload && blocks.isStored((int) block++)) {
                    entry = next | PayloadMap.FULLY_PRESENT;
                    next += layout.blockSize();
                    used = true;
                }
                entries.putLong(at, entry);
            }
            if (used) {
                body.write(entries.clear());
            } else {
                body.writeZeros(STEP);
            }
        }
    }

    private static ByteBuffer head(Regions regions, ContentIdentity.Ids ids) {
        ByteBuffer head = Structures.allocate(HEAD);
        head.putLong(0, Structures.FILE_SIGNATURE);
        head.put(Structures.AT_CREATOR, CREATOR.getBytes(StandardCharsets.UTF_16LE));
        for (int i = 0; i < 2; i++) {
            ByteBuffer header = FileHeader.write(
                    i + 1L,
                    Guid.of(ids.of(ID_FILE)),
                    Guid.of(ids.of(ID_DATA)),
                    VhdxLayout.LOG_OFFSET,
                    VhdxLayout.LOG_LENGTH);
            head.put((int) Structures.HEADERS[i], header, 0, FileHeader.LENGTH);
            head.put((int) Structures.REGION_TABLES[i], regions.write(), 0, Regions.LENGTH);
        }
        return head;
    }

    @Override
    public void close() {
        // Everything is on the heap.
    }
}
