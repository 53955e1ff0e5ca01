package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.ContentDigest;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Digest;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.util.Iterator;
import java.util.Random;

/** Compares disks, written without the product's own streaming code. */
public final class DiskAssert {
    private static final int STEP = 1 << 20;
    private static final long READ_WHOLE = 96L << 20;

    private DiskAssert() {}

    /** Both disks have the same size and content, and the extents of {@code actual} tell the truth. */
    public static void assertSameDisk(BlockSource actual, BlockSource expected, long seed) {
        assertThat(actual.size()).as("virtual size").isEqualTo(expected.size());
        ByteRange whole = new ByteRange(0, expected.size());
        assertExtentsCover(actual, whole);
        assertNoDataOutside(actual, expected);
        Iterator<Extent> extents = expected.extents(whole);
        while (extents.hasNext()) {
            Extent extent = extents.next();
            if (extent.isData() || expected.size() <= READ_WHOLE) {
                assertSameRange(actual, expected, extent.range());
            }
        }
        assertSameRandomRanges(actual, expected, seed);
    }

    /** What the opened image calls hole or zero is zero on the original. */
    private static void assertNoDataOutside(BlockSource actual, BlockSource expected) {
        Iterator<Extent> extents = actual.extents(new ByteRange(0, actual.size()));
        while (extents.hasNext()) {
            Extent extent = extents.next();
            if (!extent.isData()) {
                assertZero(expected, extent.range());
            }
        }
    }

    private static void assertZero(BlockSource disk, ByteRange range) {
        Iterator<Extent> extents = disk.extents(range);
        while (extents.hasNext()) {
            Extent extent = extents.next();
            if (extent.isData()) {
                byte[] bytes = SeededDisk.bytes(disk, extent.range());
                assertThat(new byte[bytes.length])
                        .as("bytes %s, which the image calls zero", extent.range())
                        .isEqualTo(bytes);
            }
        }
    }

    private static void assertSameRandomRanges(BlockSource actual, BlockSource expected, long seed) {
        if (expected.size() == 0) {
            return;
        }
        Random random = new Random(seed);
        for (int i = 0; i < 60; i++) {
            long start = random.nextLong(expected.size());
            long length = Math.min(expected.size() - start, random.nextInt(i % 3 == 0 ? 3 * STEP : 5000));
            assertSameRange(actual, expected, ByteRange.ofLength(start, length));
        }
    }

    /** Same bytes in {@code range}, read in steps. */
    public static void assertSameRange(BlockSource actual, BlockSource expected, ByteRange range) {
        for (long at = range.start(); at < range.end(); at += STEP) {
            ByteRange step = new ByteRange(at, Math.min(range.end(), at + STEP));
            byte[] found = SeededDisk.bytes(actual, step);
            byte[] wanted = SeededDisk.bytes(expected, step);
            int differs = java.util.Arrays.mismatch(found, wanted);
            assertThat(differs).as("first different byte behind %d", at).isEqualTo(-1);
        }
    }

    /** The extents of {@code range} cover it in order, exactly. */
    public static void assertExtentsCover(BlockSource disk, ByteRange range) {
        long at = range.start();
        Iterator<Extent> extents = disk.extents(range);
        while (extents.hasNext()) {
            ByteRange next = extents.next().range();
            assertThat(next.start()).as("start of extent %s", next).isEqualTo(at);
            at = next.end();
        }
        assertThat(at).as("end of the last extent").isEqualTo(range.end());
    }

    /** The content digest by its definition, slowly. */
    public static Digest contentDigest(BlockSource disk) {
        ContentDigest digest = new ContentDigest(disk.size());
        long chunks = (disk.size() + ContentDigest.CHUNK - 1) / ContentDigest.CHUNK;
        for (long index = 0; index < chunks; index++) {
            long start = index * ContentDigest.CHUNK;
            ByteRange range = new ByteRange(start, Math.min(start + ContentDigest.CHUNK, disk.size()));
            if (hasDataExtent(disk, range)) {
                byte[] bytes = SeededDisk.bytes(disk, range);
                if (java.util.Arrays.mismatch(bytes, new byte[bytes.length]) >= 0) {
                    digest.add(index, ContentDigest.sha256().digest(bytes), 0);
                }
            }
        }
        return digest.finish();
    }

    private static boolean hasDataExtent(BlockSource disk, ByteRange range) {
        Iterator<Extent> extents = disk.extents(range);
        while (extents.hasNext()) {
            if (extents.next().isData()) {
                return true;
            }
        }
        return false;
    }
}
