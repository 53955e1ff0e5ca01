package io.stillframe.image.vhdx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Writes log entries by the specification's text, independently of the code that reads them. */
final class CraftedLog {
    private static final int SECTOR = 4096;

    private final ByteBuffer image;
    private final int offset;
    private final int length;
    private final List<ByteBuffer> descriptors = new ArrayList<>();
    private final List<byte[]> data = new ArrayList<>();
    private int at;
    private int tail;
    private long number;

    /**
     * @param image an image whose first header is the one that counts; marked dirty here
     * @param at where in the log the first entry begins
     * @param number the first entry's sequence number
     */
    CraftedLog(ByteBuffer image, int at, long number) {
        this.image = image.order(ByteOrder.LITTLE_ENDIAN);
        this.offset = (int) image.getLong(header() + 72);
        this.length = image.getInt(header() + 68);
        this.at = at;
        this.tail = at;
        this.number = number;
        for (int i = 0; i < 16; i++) {
            image.put(header() + 48 + i, (byte) (i + 1));
        }
        sealHeader();
    }

    private int header() {
        boolean second = image.getInt(131072) == FileHeader.SIGNATURE && image.getLong(131080) > image.getLong(65544);
        return second ? 131072 : 65536;
    }

    void sealHeader() {
        ByteBuffer header = image.slice(header(), SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(4, Structures.checksum(header));
    }

    /** Adds the new content of a sector to the next entry. */
    CraftedLog sector(long position, byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        descriptors.add(descriptor(0x63736564)
                .putInt(4, bytes.getInt(SECTOR - 4))
                .putLong(8, bytes.getLong(0))
                .putLong(16, position));
        data.add(content);
        return this;
    }

    /** Adds zeros to the next entry. */
    CraftedLog zeros(long position, long count) {
        descriptors.add(descriptor(0x6f72657a).putLong(8, count).putLong(16, position));
        return this;
    }

    private ByteBuffer descriptor(int signature) {
        return ByteBuffer.allocate(32)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, signature)
                .putLong(24, number);
    }

    /** Writes the entry, and starts the next one. Returns where in the image it begins. */
    int entry() {
        return entry(image.capacity(), image.capacity());
    }

    int entry(long flushedFileOffset, long lastFileOffset) {
        int descriptorSectors = (64 + descriptors.size() * 32 + SECTOR - 1) / SECTOR;
        ByteBuffer entry = ByteBuffer.allocate((descriptorSectors + data.size()) * SECTOR);
        entry.order(ByteOrder.LITTLE_ENDIAN);
        entry.putInt(0, 0x65676f6c).putInt(8, entry.capacity()).putInt(12, tail).putLong(16, number);
        entry.putInt(24, descriptors.size()).put(32, image, header() + 48, 16);
        entry.putLong(48, flushedFileOffset).putLong(56, lastFileOffset);
        for (int i = 0; i < descriptors.size(); i++) {
            entry.put(64 + i * 32, descriptors.get(i).array());
        }
        for (int i = 0; i < data.size(); i++) {
            int sector = (descriptorSectors + i) * SECTOR;
            entry.put(sector, data.get(i));
            entry.putInt(sector, 0x61746164).putInt(sector + 4, (int) (number >>> 32));
            entry.putInt(sector + SECTOR - 4, (int) number);
        }
        entry.putInt(4, Structures.checksum(entry));
        int start = at;
        for (int i = 0; i < entry.capacity(); i += SECTOR) {
            image.put(offset + at, entry, i, SECTOR);
            at = (at + SECTOR) % length;
        }
        descriptors.clear();
        data.clear();
        number++;
        return offset + start;
    }

    /** The next entries are replayed without those before them. */
    CraftedLog moveTail() {
        tail = at;
        return this;
    }
}
