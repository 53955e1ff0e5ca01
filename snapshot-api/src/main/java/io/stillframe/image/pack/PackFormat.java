package io.stillframe.image.pack;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Constants of packs and manifests, version 1; {@code docs/formats/pack.md} explains them. All numbers are little-endian. */
final class PackFormat {
    static final int HEADER_FRAME = 0x184D2A54;
    static final int PAGE_FRAME = 0x184D2A55;
    static final int DIRECTORY_FRAME = 0x184D2A56;
    static final int FOOTER_FRAME = 0x184D2A57;
    /** Magic and length in front of each of them. */
    static final int FRAME_HEADER = 8;

    /** "STILLPCK". */
    static final long PACK_MAGIC = 0x4B43504C4C495453L;
    /** "STILLMAN". */
    static final long MANIFEST_MAGIC = 0x4E414D4C4C495453L;

    static final int VERSION = 1;
    /** In the flags: the frames alone are the whole disk, in order. */
    static final int COMPLETE = 1;

    static final int HEADER = 48;
    static final int FOOTER = 128;

    static final int PAGE_FIXED = 32;
    static final int RUN = 16;
    /** A stored chunk in a page, without its digest. */
    static final int ENTRY = 8;

    static final int ZERO_RUN = 0;
    static final int STORED_RUN = 1;
    /** Most stored chunks, and most runs, of a page. */
    static final int PAGE_ENTRIES = 4096;

    static final int PAGE_REFERENCE = 28;
    static final int LARGEST_DIRECTORY = 64 << 20;
    static final int MOST_PACKS = 65535;
    static final int MOST_DISKS = 1024;
    static final int LONGEST_NAME = 1024;

    static final int SMALLEST_CHUNK = 64 << 10;
    static final int LARGEST_CHUNK = 16 << 20;
    static final long MOST_CHUNKS = Integer.MAX_VALUE;

    static final int SEEK_TABLE_FRAME = 0x184D2A5E;
    static final int SEEKABLE = 0x8F92EAB1;
    static final int SEEK_ENTRY = 8;
    static final int SEEK_FOOTER = 9;
    /** Most entries of a seek table: 8 MiB of a writer's memory. */
    static final int MOST_SEEKABLE = 1 << 20;

    /** A Zstandard frame of no content that asks for a dictionary which nobody has: stock decoders stop here. */
    private static final byte[] GUARD = {
        0x28, (byte) 0xB5, 0x2F, (byte) 0xFD, 0x23, 'P', 'A', 'C', 'K', 0x00, 0x01, 0x00, 0x00
    };

    private PackFormat() {}

    /** What stands behind the header of a pack that is not complete. */
    static ByteBuffer guard() {
        return ByteBuffer.wrap(GUARD).asReadOnlyBuffer();
    }

    static int guardLength() {
        return GUARD.length;
    }

    static int largestPage(ChunkDigest digest) {
        return PAGE_FIXED + PAGE_ENTRIES * (RUN + ENTRY + digest.length());
    }

    static ByteBuffer allocate(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Chunks of a disk, the last one possibly shorter. */
    static long chunks(long diskSize, int chunkSize) {
        return diskSize / chunkSize + (diskSize % chunkSize == 0 ? 0 : 1);
    }

    /** Bytes of disk in a chunk. */
    static int rawLength(long diskSize, int chunkSize, long chunk) {
        return (int) Math.min(chunkSize, diskSize - chunk * chunkSize);
    }
}
