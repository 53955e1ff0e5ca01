package io.stillframe.image.vhdx;

import static io.stillframe.model.SnapshotException.corrupt;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;

/**
 * An image with its structures read and checked.
 *
 * @param bytes the file as it is once its log is replayed; closing it closes the file
 * @param header the header that counts
 * @param regions where the regions lie
 * @param metadata of the disk
 */
record VhdxImage(ByteSource bytes, FileHeader header, Regions regions, Metadata metadata) {
    /**
     * Reads the structures, and the log if it must be replayed.
     *
     * @throws SnapshotException CORRUPT or UNSUPPORTED
     */
    static VhdxImage read(ByteSource file) {
        try {
            return readPlain(file);
        } catch (SnapshotException e) {
            if (e.kind() != SnapshotException.Kind.CORRUPT && e.kind() != SnapshotException.Kind.UNSUPPORTED) {
                throw e;
            }
            throw new SnapshotException(e.kind(), file.describe() + ": " + e.getMessage(), e);
        }
    }

    private static VhdxImage readPlain(ByteSource file) {
        if (file.size() < Structures.MIB) {
            throw corrupt("a VHDX file has at least 1 MiB, this one " + file.size() + " bytes");
        }
        if (Structures.read(file, 0, Long.BYTES).getLong(0) != Structures.FILE_SIGNATURE) {
            throw corrupt("no VHDX file: it does not start with the format's signature");
        }
        FileHeader header = FileHeader.read(file);
        ByteSource bytes = header.dirty() ? LogReplay.of(file, header) : file;
        Regions regions = Regions.read(bytes);
        requireInFile(file, regions);
        Metadata metadata = Metadata.read(bytes, regions.metadata());
        if (metadata.tableEntries() * Long.BYTES > regions.table().length()) {
            throw corrupt("the block allocation table of " + regions.table().length() + " bytes is too short for "
                    + metadata.tableEntries() + " entries");
        }
        return new VhdxImage(bytes, header, regions, metadata);
    }

    /** A log can make a file longer by zeros that it does not have; tables must not lie in them, so that the file bounds their size. */
    private static void requireInFile(ByteSource file, Regions regions) {
        for (Regions.Region region : new Regions.Region[] {regions.table(), regions.metadata()}) {
            if (region.offset() > file.size() - region.length()) {
                throw corrupt("a VHDX region of " + region.length() + " bytes at " + region.offset()
                        + " exceeds the file of " + file.size() + " bytes");
            }
        }
    }
}
