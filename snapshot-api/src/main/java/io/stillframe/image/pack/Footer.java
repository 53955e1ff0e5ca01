package io.stillframe.image.pack;

import io.stillframe.image.Crc32c;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The footer of a pack or manifest: where everything else is.
 *
 * @param magic which of the two
 * @param flags {@link PackFormat#COMPLETE} or nothing
 * @param diskSize bytes of all disks
 * @param fileLength bytes of the file
 * @param directoryOffset where the directory begins; it ends where the footer begins
 * @param directoryLength its bytes
 * @param directoryChecksum its CRC32C, which it ends with
 * @param seekTableLength bytes of the seek table behind the footer, 0 if there is none
 * @param seekTableChecksum its CRC32C
 * @param id the SHA-256 of all pages and the directory
 */
record Footer(
        long magic,
        int flags,
        long diskSize,
        long fileLength,
        long directoryOffset,
        int directoryLength,
        int directoryChecksum,
        long seekTableLength,
        int seekTableChecksum,
        PackId id) {
    private static final int ID_OFFSET = 72;
    private static final int RESERVED_OFFSET = ID_OFFSET + PackId.LENGTH;
    private static final int CHECKSUM_OFFSET = PackFormat.FOOTER - Integer.BYTES;

    boolean complete() {
        return (flags & PackFormat.COMPLETE) != 0;
    }

    boolean isPack() {
        return magic == PackFormat.PACK_MAGIC;
    }

    long offset() {
        return directoryOffset + directoryLength;
    }

    ByteBuffer encode() {
        ByteBuffer bytes = PackFormat.allocate(PackFormat.FOOTER)
                .putInt(PackFormat.FOOTER_FRAME)
                .putInt(PackFormat.FOOTER - PackFormat.FRAME_HEADER)
                .putLong(magic)
                .putInt(PackFormat.VERSION)
                .putInt(flags)
                .putLong(diskSize)
                .putLong(fileLength)
                .putLong(directoryOffset)
                .putInt(directoryLength)
                .putInt(directoryChecksum)
                .putLong(seekTableLength)
                .putInt(seekTableChecksum)
                .putInt(0)
                .put(id.bytes());
        bytes.position(CHECKSUM_OFFSET);
        return bytes.putInt(Crc32c.of(bytes.duplicate().flip())).flip();
    }

    /**
     * Finds and checks a file's footer.
     *
     * @throws SnapshotException CORRUPT or UNSUPPORTED
     */
    static Footer read(ByteSource file) {
        return new Reader(file).read();
    }

    private record Reader(ByteSource file) {
        Footer read() {
            require(
                    file.size() >= PackFormat.HEADER + PackFormat.FOOTER,
                    "it has only " + file.size() + " bytes, which is no pack");
            ByteBuffer last = bytes(file.size() - PackFormat.FOOTER);
            return decode(isFooter(last) ? last : bytes(beforeSeekTable(last)));
        }

        private long beforeSeekTable(ByteBuffer last) {
            int end = PackFormat.FOOTER;
            require(
                    last.getInt(end - Integer.BYTES) == PackFormat.SEEKABLE,
                    "it ends neither with a pack's footer nor with a seek table; it was cut off or is no pack");
            long entries = Integer.toUnsignedLong(last.getInt(end - PackFormat.SEEK_FOOTER));
            long offset = file.size() - SeekTable.length(entries) - PackFormat.FOOTER;
            require(
                    entries <= PackFormat.MOST_SEEKABLE && offset >= PackFormat.HEADER,
                    "its seek table has " + entries + " entries");
            return offset;
        }

        private static boolean isFooter(ByteBuffer bytes) {
            long magic = bytes.getLong(8);
            return bytes.getInt(0) == PackFormat.FOOTER_FRAME
                    && bytes.getInt(4) == PackFormat.FOOTER - PackFormat.FRAME_HEADER
                    && (magic == PackFormat.PACK_MAGIC || magic == PackFormat.MANIFEST_MAGIC);
        }

        private Footer decode(ByteBuffer bytes) {
            require(isFooter(bytes), "there is no pack's footer in front of its seek table; it is no pack");
            require(
                    Crc32c.of(bytes.duplicate().limit(CHECKSUM_OFFSET)) == bytes.getInt(CHECKSUM_OFFSET),
                    "its footer's checksum is wrong");
            bytes.position(8);
            long magic = bytes.getLong();
            int version = bytes.getInt();
            if (version != PackFormat.VERSION) {
                throw SnapshotException.unsupported(
                        file.describe() + ": it has version " + version + ", known is " + PackFormat.VERSION);
            }
            Footer footer = new Footer(
                    magic,
                    bytes.getInt(),
                    bytes.getLong(),
                    bytes.getLong(),
                    bytes.getLong(),
                    bytes.getInt(),
                    bytes.getInt(),
                    bytes.getLong(),
                    bytes.getInt(),
                    id(bytes));
            requireReserved(bytes);
            requirePlaces(footer);
            return footer;
        }

        private static PackId id(ByteBuffer bytes) {
            byte[] id = new byte[PackId.LENGTH];
            bytes.get(ID_OFFSET, id);
            return PackId.of(id);
        }

        private void requireReserved(ByteBuffer bytes) {
            boolean zero = bytes.getInt(ID_OFFSET - Integer.BYTES) == 0;
            for (int at = RESERVED_OFFSET; at < CHECKSUM_OFFSET; at++) {
                zero &= bytes.get(at) == 0;
            }
            if (!zero) {
                throw SnapshotException.unsupported(file.describe() + ": its footer uses what is reserved");
            }
        }

        private void requirePlaces(Footer footer) {
            if ((footer.flags & ~PackFormat.COMPLETE) != 0) {
                throw SnapshotException.unsupported(file.describe() + ": its flags " + footer.flags + " are not known");
            }
            require(footer.diskSize >= 0, "its disk has " + footer.diskSize + " bytes");
            require(
                    footer.fileLength == file.size(),
                    "it has " + file.size() + " bytes and had " + footer.fileLength + " when it was written");
            require(
                    footer.directoryLength >= PackFormat.FRAME_HEADER + Integer.BYTES
                            && footer.directoryLength <= PackFormat.LARGEST_DIRECTORY,
                    "its directory has " + footer.directoryLength + " bytes");
            require(
                    footer.seekTableLength >= 0
                            && footer.directoryOffset >= PackFormat.HEADER
                            && footer.directoryOffset
                                    == file.size()
                                            - footer.seekTableLength
                                            - PackFormat.FOOTER
                                            - footer.directoryLength,
                    "directory, footer and seek table do not lie one behind the other at its end");
        }

        private ByteBuffer bytes(long offset) {
            ByteBuffer bytes = ByteBuffer.allocate(PackFormat.FOOTER);
            file.read(offset, bytes);
            return bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
        }

        private void require(boolean kept, String fault) {
            if (!kept) {
                throw SnapshotException.corrupt(file.describe() + ": " + fault);
            }
        }
    }
}
