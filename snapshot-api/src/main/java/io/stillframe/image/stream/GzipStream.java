package io.stillframe.image.stream;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Decodes gzip members one behind the other, to the end of the stream and no sooner. (The JDK's class takes the end of a member for the
 * end of the file when a pipe has nothing to read at that moment.) Zeros may follow the last member, as they do on tapes; anything else
 * is an error. For one thread at a time.
 */
final class GzipStream extends InputStream {
    private static final int STEP = 64 * 1024;
    private static final int HEADER_CHECKSUM = 2;
    private static final int EXTRA = 4;
    private static final int NAME = 8;
    private static final int COMMENT = 16;
    private static final int RESERVED = 0xE0;
    private static final int LONGEST_TEXT = 1 << 16;

    private final InputStream stored;
    private final byte[] step = new byte[STEP];
    private final Inflater inflater = new Inflater(true);
    private final CRC32 checksum = new CRC32();
    private int at;
    private int end;
    private boolean inMember;
    private boolean ended;
    private boolean first = true;

    GzipStream(InputStream stored) {
        this.stored = stored;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (inMember || beginMember()) {
            int count = inflate(target, offset, length);
            if (count > 0) {
                checksum.update(target, offset, count);
                return count;
            }
            if (inflater.finished()) {
                endMember();
            }
        }
        return -1;
    }

    private int inflate(byte[] target, int offset, int length) throws IOException {
        try {
            if (inflater.needsInput() && !inflater.finished()) {
                if (!fill()) {
                    throw new EOFException("the stream ends within a member");
                }
                inflater.setInput(step, at, end - at);
            }
            int count = inflater.inflate(target, offset, length);
            if (inflater.needsDictionary()) {
                throw new ZipException("a member asks for a dictionary");
            }
            at = end - inflater.getRemaining();
            return count;
        } catch (DataFormatException e) {
            throw new ZipException(String.valueOf(e.getMessage()));
        }
    }

    private boolean beginMember() throws IOException {
        if (ended || !fill()) {
            if (first) {
                throw new EOFException("the stream is empty");
            }
            ended = true;
            inflater.end();
            return false;
        }
        if (!first && step[at] == 0) {
            requireZerosToTheEnd();
            return false;
        }
        first = false;
        readHeader();
        inflater.reset();
        inflater.setInput(step, at, end - at);
        checksum.reset();
        inMember = true;
        return true;
    }

    private void requireZerosToTheEnd() throws IOException {
        while (fill()) {
            if (step[at++] != 0) {
                throw new ZipException("something that is no gzip member follows the last one");
            }
        }
        ended = true;
        inflater.end();
    }

    private void readHeader() throws IOException {
        if (next() != (GzipMembers.ID1 & 0xFF) || next() != (GzipMembers.ID2 & 0xFF)) {
            throw new ZipException("no gzip member begins where one should");
        }
        if (next() != GzipMembers.DEFLATE) {
            throw new ZipException("a member uses an unknown method of compression");
        }
        int flags = next();
        if ((flags & RESERVED) != 0) {
            throw new ZipException("a member has unknown flags");
        }
        skip(GzipMembers.HEADER - 4);
        if ((flags & EXTRA) != 0) {
            skip(next() | next() << 8);
        }
        if ((flags & NAME) != 0) {
            skipText();
        }
        if ((flags & COMMENT) != 0) {
            skipText();
        }
        if ((flags & HEADER_CHECKSUM) != 0) {
            skip(2);
        }
    }

    private void endMember() throws IOException {
        inMember = false;
        if (littleEndian() != checksum.getValue()) {
            throw new ZipException("a member's checksum is wrong");
        }
        if (littleEndian() != (inflater.getBytesWritten() & 0xFFFFFFFFL)) {
            throw new ZipException("a member's length is wrong");
        }
    }

    private long littleEndian() throws IOException {
        return next() | next() << 8 | next() << 16 | (long) next() << 24;
    }

    private void skip(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            int unused = next();
        }
    }

    private void skipText() throws IOException {
        for (int i = 0; i < LONGEST_TEXT; i++) {
            if (next() == 0) {
                return;
            }
        }
        throw new ZipException("a member's name or comment is longer than " + LONGEST_TEXT + " bytes");
    }

    private int next() throws IOException {
        if (!fill()) {
            throw new EOFException("the stream ends within a member's header or trailer");
        }
        return step[at++] & 0xFF;
    }

    /** Whether there is a byte at {@link #at}. */
    private boolean fill() throws IOException {
        while (at == end) {
            int count = stored.read(step, 0, STEP);
            if (count < 0) {
                return false;
            }
            at = 0;
            end = count;
        }
        return true;
    }
}
