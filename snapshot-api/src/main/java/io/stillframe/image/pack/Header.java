package io.stillframe.image.pack;

import io.stillframe.image.Crc32c;
import java.nio.ByteBuffer;

/** The first frame of a pack or manifest, by which it is recognised. It says nothing that the footer and directory do not say. */
final class Header {
    private Header() {}

    static ByteBuffer encode(long magic, int flags, long diskSize, int chunkSize, ChunkDigest digest) {
        ByteBuffer header = PackFormat.allocate(PackFormat.HEADER)
                .putInt(PackFormat.HEADER_FRAME)
                .putInt(PackFormat.HEADER - PackFormat.FRAME_HEADER)
                .putLong(magic)
                .putInt(PackFormat.VERSION)
                .putInt(flags)
                .putLong(diskSize)
                .putInt(chunkSize)
                .putInt(digest.number())
                .putInt(0);
        return header.putInt(Crc32c.of(header.duplicate().flip())).flip();
    }

    /** The header that belongs to a file. */
    static ByteBuffer of(IndexFile file) {
        Footer footer = file.footer();
        if (!footer.isPack()) {
            return encode(footer.magic(), footer.flags(), footer.diskSize(), 0, ChunkDigest.NONE);
        }
        IndexedDisk disk = file.disks().get(0);
        return encode(footer.magic(), footer.flags(), footer.diskSize(), disk.chunkSize(), disk.digest());
    }
}
