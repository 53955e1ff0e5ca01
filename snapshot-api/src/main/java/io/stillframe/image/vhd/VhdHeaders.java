package io.stillframe.image.vhd;

import static io.stillframe.model.SnapshotException.corrupt;
import static io.stillframe.model.SnapshotException.unsupported;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What an image says of itself, checked against the file's length.
 *
 * @param footer the footer that counts
 * @param place where it was found
 * @param dynamic the dynamic disk header, of a dynamic disk
 */
record VhdHeaders(Footer footer, Place place, Optional<DynamicHeader> dynamic) {
    /** The format's limit for dynamic disks: what 32-bit sector numbers reach, less what the structures take. */
    static final long LARGEST_DYNAMIC = 2040L << 30;

    enum Place {
        /** The last 512 bytes. */
        END,
        /** The last 511 bytes, as of Virtual PC before 2004. */
        END_OLD,
        /** The copy in front of a dynamic disk; the footer itself is missing or broken. */
        COPY
    }

    /**
     * Reads footer and header. The footer at the end counts; the copy in front only if there is none, and only for a dynamic disk: what a
     * fixed disk begins with was written by its guest and must not make it another kind of image.
     *
     * @throws SnapshotException CORRUPT or UNSUPPORTED
     */
    static VhdHeaders read(ByteSource image) {
        try {
            return readPlain(image);
        } catch (SnapshotException e) {
            throw new SnapshotException(e.kind(), image.describe() + ": " + e.getMessage(), e);
        }
    }

    private static VhdHeaders readPlain(ByteSource image) {
        VhdHeaders found = find(image);
        long size = found.footer.size();
        if (size < 0) {
            throw corrupt("a VHD footer has the size " + Long.toUnsignedString(size));
        }
        if (found.footer.type() == Footer.DiskType.FIXED) {
            long room = image.size() - (found.place == Place.END_OLD ? Footer.LENGTH_OLD : Footer.LENGTH);
            if (size > room) {
                throw corrupt("the file has room for " + room + " of the " + size + " bytes of its fixed disk");
            }
            return found;
        }
        DynamicHeader dynamic = dynamicHeader(image, found.footer.dataOffset());
        requireTable(image, dynamic, size);
        return new VhdHeaders(found.footer, found.place, Optional.of(dynamic));
    }

    private static VhdHeaders find(ByteSource image) {
        ByteBuffer end = bytes(image, image.size() - Footer.LENGTH, Footer.LENGTH);
        if (Footer.isFooter(end)) {
            return new VhdHeaders(Footer.read(end), Place.END, Optional.empty());
        }
        ByteBuffer old = bytes(image, image.size() - Footer.LENGTH_OLD, Footer.LENGTH_OLD);
        if (Footer.isFooter(old)) {
            ByteBuffer whole = ByteBuffer.allocate(Footer.LENGTH).put(old).clear();
            return new VhdHeaders(Footer.read(whole), Place.END_OLD, Optional.empty());
        }
        ByteBuffer copy = copy(image);
        if (Footer.isFooter(copy)) {
            Footer footer = Footer.read(copy);
            if (footer.type() == Footer.DiskType.DYNAMIC) {
                return new VhdHeaders(footer, Place.COPY, Optional.empty());
            }
        }
        throw corrupt(
                "there is no VHD footer with a right checksum at the end of the file's " + image.size() + " bytes");
    }

    /** The first bytes, where a dynamic disk has its footer's copy. */
    static ByteBuffer copy(ByteSource image) {
        return bytes(image, 0, Footer.LENGTH);
    }

    /** Nothing if the range is not within the file. */
    private static ByteBuffer bytes(ByteSource image, long at, int length) {
        if (at < 0 || at > image.size() - length) {
            return ByteBuffer.allocate(0);
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        image.read(at, bytes);
        return bytes.flip();
    }

    private static DynamicHeader dynamicHeader(ByteSource image, long offset) {
        ByteBuffer header = bytes(image, offset, DynamicHeader.LENGTH);
        if (!header.hasRemaining()) {
            throw corrupt("the dynamic disk header at " + Long.toUnsignedString(offset) + " exceeds the file of "
                    + image.size() + " bytes");
        }
        return DynamicHeader.read(header);
    }

    private static void requireTable(ByteSource image, DynamicHeader dynamic, long size) {
        if (size > LARGEST_DYNAMIC) {
            throw unsupported("a dynamic VHD has at most " + LARGEST_DYNAMIC + " bytes, this one claims " + size);
        }
        long needed = blocks(size, dynamic.blockBits());
        if (needed > dynamic.entries()) {
            throw corrupt("the block allocation table has " + dynamic.entries() + " entries; a disk of " + size
                    + " bytes needs " + needed);
        }
        if (dynamic.tableOffset() > image.size() - needed * Integer.BYTES) {
            throw corrupt("the block allocation table of " + needed + " entries at " + dynamic.tableOffset()
                    + " exceeds the file of " + image.size() + " bytes");
        }
    }

    /** Blocks of the disk, of a dynamic one. */
    long blocks() {
        return blocks(footer.size(), dynamic.orElseThrow().blockBits());
    }

    private static long blocks(long size, int blockBits) {
        return size == 0 ? 0 : ((size - 1) >>> blockBits) + 1;
    }
}
