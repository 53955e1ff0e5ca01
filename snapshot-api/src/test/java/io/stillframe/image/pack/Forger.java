package io.stillframe.image.pack;

import io.stillframe.image.Crc32c;
import io.stillframe.spi.contract.CountingByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Changes a pack of one disk, without older packs, and puts all checksums right again, so that only deeper checks can notice. */
final class Forger {
    /** Where fields lie in the directory of such a pack. */
    static final int PACKS = 8;

    static final int DISKS = 12;
    static final int SUBJECT = 16;
    static final int NAME = 18;
    static final int SIZE = 20;
    static final int CHUNK_SIZE = 28;
    static final int DIGEST = 32;
    static final int PAGES = 36;
    static final int PAGE = 40;

    final ByteBuffer bytes;
    final int directory;
    final int footer;
    final int page;

    Forger(byte[] pack) {
        bytes = ByteBuffer.wrap(pack.clone()).order(ByteOrder.LITTLE_ENDIAN);
        Footer read = Footer.read(new CountingByteSource(pack));
        directory = (int) read.directoryOffset();
        footer = (int) read.offset();
        page = (int) bytes.getLong(directory + PAGE);
    }

    Forger inPage(int at, int value) {
        bytes.putInt(page + at, value);
        return this;
    }

    Forger inDirectory(int at, int value) {
        bytes.putInt(directory + at, value);
        return this;
    }

    Forger inDirectory(int at, long value) {
        bytes.putLong(directory + at, value);
        return this;
    }

    Forger inFooter(int at, int value) {
        bytes.putInt(footer + at, value);
        return this;
    }

    Forger inFooter(int at, long value) {
        bytes.putLong(footer + at, value);
        return this;
    }

    /** The file with right checksums of first page, directory and footer. */
    byte[] sealed() {
        int length = bytes.getInt(page + 4) + PackFormat.FRAME_HEADER;
        if (length > PackFormat.PAGE_FIXED && length <= directory - page) {
            seal(page, length);
            bytes.putInt(directory + PAGE + 12, bytes.getInt(page + length - 4));
        }
        seal(directory, footer - directory);
        bytes.putInt(footer + 52, bytes.getInt(footer - 4));
        seal(footer, PackFormat.FOOTER);
        return bytes.array();
    }

    private void seal(int at, int length) {
        bytes.putInt(
                at + length - 4,
                Crc32c.of(bytes.duplicate().limit(at + length - 4).position(at)));
    }
}
