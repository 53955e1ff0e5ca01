package io.stillframe.image.pack;

import io.stillframe.image.ContentDigest;
import io.stillframe.image.Crc32c;
import io.stillframe.internal.zstd.ZeroFrame;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * Walks through a file from first to last byte as its index describes it: every byte belongs to exactly one frame, each of which begins
 * where the one before ends. That alone rules out overlaps, gaps and loops, and proves for stock tools what readers of the index never
 * look at.
 */
final class Layout {
    private static final int STEP = 64 * 1024;

    private final IndexFile file;
    private final ByteSource bytes;
    private final boolean readZeroFrames;
    private final Cancellation cancellation;
    private final Findings findings;
    private final SeekTable seekTable = new SeekTable();
    private final MessageDigest id = ContentDigest.sha256();
    private final ByteBuffer zeroFrame = ZeroFrame.newBuffer();
    private final ByteBuffer storedZeroFrame = ZeroFrame.newBuffer();
    private int zeroFrameLength;
    private long position;
    private long allocated;
    private boolean known = true;

    /** @param readZeroFrames whether frames of zeros are read and compared, or only counted */
    Layout(IndexFile file, boolean readZeroFrames, Cancellation cancellation, Findings findings) {
        this.file = file;
        this.bytes = file.bytes();
        this.readZeroFrames = readZeroFrames;
        this.cancellation = cancellation;
        this.findings = findings;
    }

    /** Bytes of disk in stored chunks, in pages that could be read. */
    long allocated() {
        return allocated;
    }

    void check() {
        Footer footer = file.footer();
        expect(Header.of(file), "it is not the header that belongs to this file");
        if (footer.isPack() && !footer.complete()) {
            expect(PackFormat.guard(), "there is not the frame that keeps stock tools off");
        }
        file.disks().forEach(this::walk);
        at(footer.directoryOffset(), "the directory");
        skip(footer.directoryLength());
        id.update(read(footer.directoryOffset(), footer.directoryLength()));
        if (known && !PackId.of(id.digest()).equals(footer.id())) {
            structure(file.footer().offset(), PackFormat.FOOTER, "the identity is not that of the index");
        }
        skip(PackFormat.FOOTER);
        checkSeekTable(footer);
    }

    private void expect(ByteBuffer wanted, String fault) {
        int length = wanted.remaining();
        if (position > file.footer().directoryOffset() - length
                || !read(position, length).equals(wanted)) {
            structure(position, length, fault);
        }
        skip(length);
    }

    private void walk(IndexedDisk disk) {
        for (int number = 0; number < disk.pageReferences().size(); number++) {
            cancellation.check();
            PageReference reference = disk.pageReferences().get(number);
            try {
                walk(disk, disk.load(number));
                at(reference.offset(), "page " + number + " of the index");
                id.update(file.frame(reference));
            } catch (SnapshotException e) {
                known = false;
                ByteRange range = ByteRange.ofLength(reference.offset(), reference.length());
                findings.addCorrupt(VerifyFinding.Kind.STRUCTURE, bytes.describe(), range, e);
            }
            position = reference.offset();
            skip(reference.length());
        }
    }

    private void walk(IndexedDisk disk, IndexPage page) {
        for (int run = 0; run < page.runs(); run++) {
            long start = (long) page.runStart(run) * disk.chunkSize();
            long end = Math.min(disk.size(), (long) page.runEnd(run) * disk.chunkSize());
            if (!page.isZero(run)) {
                allocated += end - start;
                walkStored(page, run);
            } else if (file.footer().complete()) {
                walkZeros(end - start);
            }
        }
    }

    private void walkStored(IndexPage page, int run) {
        StoredChunk first = page.chunk(run, page.runStart(run));
        if (first.pack() != StoredChunk.SELF) {
            if (file.footer().complete()) {
                structure(first.offset(), 1, "the file is marked complete, but a chunk lies in another pack");
            }
            return;
        }
        at(first.offset(), "the frame of chunk " + page.runStart(run));
        for (int chunk = page.runStart(run); chunk < page.runEnd(run); chunk++) {
            StoredChunk stored = page.chunk(run, chunk);
            seekTable.add(stored.stored(), stored.raw());
            position = stored.end();
        }
    }

    private void walkZeros(long count) {
        long left = count;
        while (left > 0) {
            int length = (int) Math.min(ZeroFrame.LONGEST, left);
            if (length != zeroFrameLength) {
                ZeroFrame.put(zeroFrame, length);
                zeroFrameLength = length;
            }
            int stored = zeroFrame.rewind().remaining();
            if (position > file.footer().directoryOffset() - stored) {
                structure(position, stored, "the frames of the zeros of the index do not fit here");
                return;
            }
            if (readZeroFrames) {
                bytes.read(position, storedZeroFrame.clear().limit(stored));
                if (!storedZeroFrame.flip().equals(zeroFrame)) {
                    structure(position, stored, "it is not the frame of " + length + " zeros");
                }
            }
            seekTable.add(stored, length);
            position += stored;
            left -= length;
        }
    }

    /** Compares where something lies with where the frames before it end. */
    private void at(long offset, String what) {
        if (offset != position) {
            structure(
                    Math.min(offset, position),
                    Math.max(1, Math.abs(offset - position)),
                    what + " lies at " + offset + ", what is before it ends at " + position);
            position = offset;
        }
    }

    private void skip(int length) {
        seekTable.add(length, 0);
        position += length;
    }

    private void checkSeekTable(Footer footer) {
        if (footer.seekTableLength() == 0) {
            return;
        }
        Crc32c checksum = new Crc32c();
        for (long at = position; at < bytes.size(); at += STEP) {
            cancellation.check();
            checksum.update(read(at, (int) Math.min(STEP, bytes.size() - at)));
        }
        boolean expected = seekTable.length() == footer.seekTableLength() && seekTable.checksum() == checksum.value();
        if (checksum.value() != footer.seekTableChecksum() || (known && !expected)) {
            structure(position, footer.seekTableLength(), "the seek table is not that of the file's frames");
        }
    }

    private void structure(long offset, long length, String what) {
        findings.add(VerifyFinding.Kind.STRUCTURE, bytes.describe(), ByteRange.ofLength(offset, length), what);
    }

    private ByteBuffer read(long offset, int length) {
        ByteBuffer read = ByteBuffer.allocate(length);
        bytes.read(offset, read);
        return read.flip();
    }
}
