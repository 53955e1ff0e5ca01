package io.stillframe.image.vhdx;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The header that counts ("Headers").
 *
 * @param sequence its sequence number, unsigned
 * @param logGuid of the log that must be replayed, or {@link Guid#NONE}
 * @param logVersion format of the log
 * @param logOffset where the log begins; not checked
 * @param logLength its bytes; not checked
 */
record FileHeader(long sequence, Guid logGuid, int logVersion, long logOffset, long logLength) {
    /** "head". */
    static final int SIGNATURE = 0x64616568;

    static final int LENGTH = 4 << 10;
    static final int VERSION = 1;

    /**
     * Of the two headers the intact one, or the newer one.
     *
     * @throws SnapshotException CORRUPT if none is intact; UNSUPPORTED
     */
    static FileHeader read(ByteSource image) {
        Optional<FileHeader> first = read(image, Structures.HEADERS[0]);
        Optional<FileHeader> second = read(image, Structures.HEADERS[1]);
        if (first.isEmpty() && second.isEmpty()) {
            throw SnapshotException.corrupt("both VHDX headers are broken");
        }
        return first.filter(
                        header -> second.isEmpty() || Long.compareUnsigned(header.sequence, second.get().sequence) >= 0)
                .or(() -> second)
                .orElseThrow();
    }

    private static Optional<FileHeader> read(ByteSource image, long at) {
        ByteBuffer bytes = Structures.read(image, at, LENGTH);
        if (!Structures.isIntact(bytes, SIGNATURE)) {
            return Optional.empty();
        }
        int version = Short.toUnsignedInt(bytes.getShort(66));
        if (version != VERSION) {
            throw SnapshotException.unsupported("a VHDX header has version " + version + "; 1 is supported");
        }
        return Optional.of(new FileHeader(
                bytes.getLong(8),
                Guid.read(bytes, 48),
                Short.toUnsignedInt(bytes.getShort(64)),
                bytes.getLong(72),
                Integer.toUnsignedLong(bytes.getInt(68))));
    }

    /** Whether writes are in the log that are not in their place yet. */
    boolean dirty() {
        return !logGuid.equals(Guid.NONE);
    }

    /** A header of a file with an empty log. */
    static ByteBuffer write(long sequence, Guid fileWrite, Guid dataWrite, long logOffset, int logLength) {
        ByteBuffer header = Structures.allocate(LENGTH);
        header.putInt(0, SIGNATURE).putLong(8, sequence);
        fileWrite.write(header, 16);
        dataWrite.write(header, 32);
        header.putShort(66, (short) VERSION).putInt(68, logLength).putLong(72, logOffset);
        return header.putInt(Structures.AT_CHECKSUM, Structures.checksum(header));
    }
}
