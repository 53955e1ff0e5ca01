package io.stillframe.image.pack;

import io.stillframe.image.ContentDigest;
import io.stillframe.spi.ByteSink;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/** The end that packs and manifests share: pages as they become full, the directory, the footer. Counts and sums what it writes. */
final class IndexWriter {
    private final long magic;
    private final int flags;
    private final SeekTable seekTable;
    private final MessageDigest id = ContentDigest.sha256();
    private long position;

    /** @param seekTable gets every frame */
    IndexWriter(long magic, int flags, SeekTable seekTable) {
        this.magic = magic;
        this.flags = flags;
        this.seekTable = seekTable;
    }

    /** Where the next frame begins. */
    long position() {
        return position;
    }

    /** Writes a frame of so many bytes of disk. */
    void write(ByteBuffer frame, int raw, ByteSink body) {
        seekTable.add(frame.remaining(), raw);
        position += frame.remaining();
        body.write(frame);
    }

    /** Writes the page, unless nothing was added to it, and begins the next one. */
    void writePage(PageBuilder page, List<PageReference> pages, ByteSink body) {
        if (page.empty()) {
            return;
        }
        ByteBuffer frame = page.finish();
        id.update(frame.duplicate());
        long offset = position;
        write(frame, 0, body);
        pages.add(page.reference(offset));
    }

    /** Writes everything behind the last page. */
    PackId finish(String subject, List<PackReference> packs, List<Directory.Disk> disks, ByteSink body) {
        ByteBuffer directory = new Directory(subject, packs, new ArrayList<>(disks)).encode();
        id.update(directory.duplicate());
        PackId own = PackId.of(id.digest());
        long offset = position;
        int length = directory.remaining();
        int checksum = directory.getInt(length - Integer.BYTES);
        write(directory, 0, body);
        seekTable.add(PackFormat.FOOTER, 0);
        long table = seekTable.length();
        long diskSize = disks.stream().mapToLong(Directory.Disk::size).sum();
        long fileLength = position + PackFormat.FOOTER + table;
        int tableChecksum = table == 0 ? 0 : seekTable.checksum();
        body.write(new Footer(magic, flags, diskSize, fileLength, offset, length, checksum, table, tableChecksum, own)
                .encode());
        seekTable.write(body);
        return own;
    }
}
