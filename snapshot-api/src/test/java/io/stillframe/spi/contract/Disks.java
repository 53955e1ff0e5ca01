package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;

/** What the kits do with disks: walk over their extents, compare and digest them, a chunk at a time. */
final class Disks {
    private static final int CHUNK = 1 << 20;

    private Disks() {}

    /** The extents of the whole disk, checked to cover it exactly and in order. */
    static List<Extent> extents(BlockSource disk) {
        return extents(disk, new ByteRange(0, disk.size()));
    }

    /** The extents of a range, checked to cover it exactly and in order. */
    static List<Extent> extents(BlockSource disk, ByteRange range) {
        List<Extent> extents = new ArrayList<>();
        long at = range.start();
        for (Iterator<Extent> i = disk.extents(range); i.hasNext(); ) {
            Extent extent = i.next();
            assertThat(extent.range().start())
                    .as("start of the extent after %d", at)
                    .isEqualTo(at);
            at = extent.range().end();
            extents.add(extent);
        }
        assertThat(at).as("end of the last extent").isEqualTo(range.end());
        return extents;
    }

    /** A digest over the disk's content, of which only what its extents call data is read. */
    static String digest(BlockSource disk) {
        MessageDigest digest = sha256();
        byte[] zeros = new byte[CHUNK];
        for (long start = 0; start < disk.size(); start += CHUNK) {
            ByteRange chunk = new ByteRange(start, Math.min(disk.size(), start + CHUNK));
            ByteBuffer bytes = contentByExtents(disk, chunk);
            if (bytes.mismatch(ByteBuffer.wrap(zeros, 0, bytes.remaining())) != -1) {
                digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, start));
                digest.update(bytes);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Checks that the disk reads as the raw file, and that everything that its extents do not call data is zeros there. */
    static void assertSameAs(BlockSource disk, Path raw) {
        try (FileChannel file = FileChannel.open(raw)) {
            assertThat(disk.size()).as("virtual size").isEqualTo(file.size());
            for (long start = 0; start < disk.size(); start += CHUNK) {
                ByteRange chunk = new ByteRange(start, Math.min(disk.size(), start + CHUNK));
                ByteBuffer expected = ByteBuffer.allocate((int) chunk.length());
                while (expected.hasRemaining() && file.read(expected, start + expected.position()) >= 0) {}
                expected.flip();
                assertThat(read(disk, chunk).mismatch(expected))
                        .as("first difference from the raw file in %s", chunk)
                        .isEqualTo(-1);
                assertThat(contentByExtents(disk, chunk).mismatch(expected))
                        .as("first difference of what the extents call data in %s", chunk)
                        .isEqualTo(-1);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ByteBuffer read(BlockSource disk, ByteRange range) {
        ByteBuffer bytes = ByteBuffer.allocate((int) range.length());
        disk.read(range.start(), bytes);
        return bytes.flip();
    }

    private static ByteBuffer contentByExtents(BlockSource disk, ByteRange chunk) {
        ByteBuffer bytes = ByteBuffer.allocate((int) chunk.length());
        for (Extent extent : extents(disk, chunk)) {
            if (extent.isData()) {
                int from = (int) (extent.range().start() - chunk.start());
                disk.read(extent.range().start(), bytes.slice(from, (int)
                        extent.range().length()));
            }
        }
        return bytes;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
