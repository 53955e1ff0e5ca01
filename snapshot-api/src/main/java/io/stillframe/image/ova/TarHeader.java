package io.stillframe.image.ova;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;

/** Headers of a tar's entries (POSIX ustar; lengths from 8 GiB on in base 256, for which ustar has no room). Stateless. */
final class TarHeader {
    static final int BLOCK = 512;

    private TarHeader() {}

    /** One block in front of a file's bytes. It names no user of this machine. */
    static ByteBuffer of(String name, long length, Instant modified) {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(length);
        entry.setLastModifiedTime(FileTime.from(modified));
        entry.setIds(0, 0);
        entry.setNames("", "");
        byte[] block = new byte[BLOCK];
        try {
            entry.writeEntryHeader(block, ZipEncodingHelper.getZipEncoding("US-ASCII"), true);
        } catch (IOException e) {
            throw new IllegalStateException("writing a header into memory cannot fail", e);
        }
        return ByteBuffer.wrap(block);
    }

    /** Zeros that fill a file of {@code length} bytes up to a block. */
    static int padding(long length) {
        return (int) (-length & (BLOCK - 1));
    }

    /** Bytes of a file of {@code length} bytes with its header and padding. */
    static long entry(long length) {
        return BLOCK + length + padding(length);
    }
}
