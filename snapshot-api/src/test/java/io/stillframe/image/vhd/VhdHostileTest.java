package io.stillframe.image.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.CraftedImages;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.qcow2.MemoryImage;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Crafted images, and what no writer of today would write. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class VhdHostileTest extends CraftedImages {
    private static final int BLOCK = 512 << 10;
    private static final int TABLE = 1536;

    VhdHostileTest() {
        super(new VhdCodec());
    }

    @Test
    void aFixedDisksContentCannotMakeItAnotherKindOfImage() {
        byte[] other = dynamic().array();
        byte[] content = Arrays.copyOf(other, 2 * BLOCK);
        ByteBuffer image = fixed(content);
        try (BlockSource disk = open(image)) {
            assertThat(disk.size()).isEqualTo(content.length);
            assertThat(bytes(disk, 0, content.length)).isEqualTo(content);
        }
    }

    @Test
    void theCopyIsUsedWhereTheFooterIsBroken() {
        ByteBuffer image = dynamic();
        byte[] before = bytes(open(image), 0, 3 * BLOCK);
        image.put(image.capacity() - 512 + 70, (byte) 99);
        assertThat(bytes(open(image), 0, 3 * BLOCK)).isEqualTo(before);
        assertThat(codec.describe(source(image)).details()).containsEntry("footer", "copy");
        assertThat(check(image).corruptions()).singleElement().asString().contains("its copy");
        image.put(70, (byte) 99);
        assertFails(Kind.CORRUPT, () -> open(image));
    }

    @Test
    void aBrokenCopyIsToldByTheCheckOnly() {
        ByteBuffer image = dynamic();
        image.put(70, (byte) 99);
        open(image).close();
        assertThat(check(image).corruptions()).singleElement().asString().contains("copy");
    }

    @Test
    void aFooterOfVirtualPcBefore2004IsOneByteShorter() {
        byte[] content = new byte[BLOCK];
        Arrays.fill(content, (byte) 3);
        ByteBuffer image = fixed(content);
        ByteBuffer shorter = ByteBuffer.wrap(Arrays.copyOf(image.array(), image.capacity() - 1));
        try (BlockSource disk = open(shorter)) {
            assertThat(bytes(disk, 0, BLOCK)).isEqualTo(content);
        }
    }

    @Test
    void sectorsThatTheBitmapDoesNotHaveAreZeros() {
        ByteBuffer image = dynamic();
        int bitmap = image.getInt(TABLE) * 512;
        image.put(bitmap, (byte) 0b0101_1111); // sectors 0 and 2
        image.put(bitmap + 10, new byte[20]); // sectors 80 to 239
        byte[] expected = new byte[BLOCK];
        Arrays.fill(expected, (byte) 1);
        Arrays.fill(expected, 0, 512, (byte) 0);
        Arrays.fill(expected, 1024, 1536, (byte) 0);
        Arrays.fill(expected, 80 * 512, 240 * 512, (byte) 0);
        try (BlockSource disk = open(image)) {
            assertThat(bytes(disk, 0, BLOCK)).isEqualTo(expected);
            assertThat(bytes(disk, 700, 50_000)).isEqualTo(Arrays.copyOfRange(expected, 700, 50_700));
            Iterator<Extent> extents = disk.extents(new ByteRange(100, BLOCK));
            assertThat(extents.next()).isEqualTo(new Extent(new ByteRange(100, 512), Extent.Kind.ZERO));
            assertThat(extents.next()).isEqualTo(new Extent(new ByteRange(512, 1024), Extent.Kind.DATA));
            assertThat(extents.next()).isEqualTo(new Extent(new ByteRange(1024, 1536), Extent.Kind.ZERO));
            assertThat(extents.next()).isEqualTo(new Extent(new ByteRange(1536, 80 * 512), Extent.Kind.DATA));
            assertThat(extents.next()).isEqualTo(new Extent(new ByteRange(80 * 512, 240 * 512), Extent.Kind.ZERO));
            assertThat(extents.next()).isEqualTo(new Extent(new ByteRange(240 * 512, BLOCK), Extent.Kind.DATA));
            assertThat(extents.hasNext()).isFalse();
        }
        assertThat(check(image).allocatedBytes()).isEqualTo(3 * BLOCK - 162 * 512);
    }

    @Test
    void entriesThatShareOneBlockAreRefusedAndFound() {
        ByteBuffer image = dynamic();
        image.putInt(TABLE + 4, image.getInt(TABLE)).putInt(TABLE + 8, image.getInt(TABLE));
        assertThat(check(image).corruptions()).hasSize(2);
        image.putInt(TABLE + 4, 0);
        assertThat(check(image).corruptions()).anyMatch(text -> text.contains("block 1 at 0 overlaps"));
    }

    @Test
    void aTableOfOneSharedBlockForTheLargestDiskIsRefusedInTheTimeOfTheFile() {
        int entries = (int) (VhdHeaders.LARGEST_DYNAMIC / BLOCK);
        ByteBuffer original = dynamic();
        ByteBuffer image = ByteBuffer.allocate(TABLE + entries * 4 + 2 * BLOCK);
        image.put(0, original, 0, TABLE);
        setSize(image, VhdHeaders.LARGEST_DYNAMIC);
        image.putInt(512 + 28, entries);
        int block = (TABLE + entries * 4 + 511) / 512;
        for (int i = 0; i < entries; i++) {
            image.putInt(TABLE + i * 4, block);
        }
        Arrays.fill(image.array(), block * 512, block * 512 + 512, (byte) 0xff);
        seal(image);
        try (BlockSource disk = open(image)) {
            assertFails(Kind.CORRUPT, () -> drain(disk));
        }
    }

    @Test
    void blocksOutsideOfTheFileAreCorrupt() {
        ByteBuffer image = dynamic();
        image.putInt(TABLE, 0x7fff_ffff);
        try (BlockSource disk = open(image)) {
            assertFails(Kind.CORRUPT, () -> bytes(disk, 0, 10));
            assertFails(Kind.CORRUPT, () -> drain(disk));
            assertThat(bytes(disk, BLOCK, 1)).containsExactly(2);
        }
        assertThat(check(image).corruptions()).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "UNSUPPORTED,   60, 4, 4", // differencing
        "CORRUPT,       60, 0, 4",
        "CORRUPT,       60, 7, 4",
        "UNSUPPORTED,   12, 0x20000, 4", // version
        "CORRUPT,       48, -512, 8", // current size
        "UNSUPPORTED,   48, 0x7fffffffffffffff, 8",
        "CORRUPT,       48, 0x40000000, 8", // more than the table has entries for
        "CORRUPT,       16, -1, 8", // where the dynamic header lies
        "CORRUPT,       16, 0x7fffffffffffff00, 8",
        "CORRUPT,       16, 0, 8",
        "CORRUPT,      512, 0, 4", // its cookie
        "UNSUPPORTED,  536, 0x20000, 4", // its version
        "CORRUPT,      528, -512, 8", // where the table lies
        "CORRUPT,      528, 1537, 8",
        "CORRUPT,      528, 0x7ffffffffffffe00, 8",
        "CORRUPT,      540, 2, 4", // its entries
        "CORRUPT,      544, 0, 4", // block size
        "CORRUPT,      544, 524287, 4",
        "CORRUPT,      544, -1, 4",
        "UNSUPPORTED,  544, 512, 4",
        "UNSUPPORTED,  544, 0x80000000, 4",
    })
    void fieldsAreChecked(Kind kind, int offset, String value, int width) {
        ByteBuffer image = dynamic();
        long number = Long.decode(value);
        if (width == 4) {
            image.putInt(offset, (int) number);
        } else {
            image.putLong(offset, number);
        }
        seal(image);
        assertFails(kind, () -> open(image));
    }

    @ParameterizedTest
    @CsvSource({"'vpc ', true", "qemu, true", "qem2, false", "'win ', false", "vbox, false", "sfrm, false"})
    void theGeometryCountsForThoseWhoShowNoMore(String creator, boolean byGeometry) {
        ByteBuffer image = dynamic();
        image.put(28, creator.getBytes(StandardCharsets.US_ASCII));
        image.putInt(56, new Chs(10, 4, 17).field());
        seal(image);
        try (BlockSource disk = open(image)) {
            assertThat(disk.size()).isEqualTo(byGeometry ? 10 * 4 * 17 * 512 : 3 * BLOCK);
        }
        image.putInt(56, Chs.LARGEST.field());
        seal(image);
        try (BlockSource disk = open(image)) {
            assertThat(disk.size()).isEqualTo(3 * BLOCK);
        }
    }

    @Test
    void theGeometryIsExactOrSaysNothing() {
        for (long sectors :
                new long[] {0, 1, 68, 2048, 40_960, 1 << 21, 4_194_304, 65_535L * 16 * 63, 4_278_190_080L}) {
            Chs chs = Chs.exactFor(sectors);
            assertThat(chs.equals(Chs.LARGEST) || chs.sectors() == sectors)
                    .as("%d sectors: %s", sectors, chs)
                    .isTrue();
        }
        assertThat(Chs.exactFor(65_535L * 16 * 255)).isEqualTo(Chs.LARGEST);
        assertThat(Chs.exactFor(1020 * 4 * 17)).isEqualTo(new Chs(1020, 4, 17));
    }

    @ParameterizedTest
    @CsvSource({
        "vhd, 2190433320961, 2097152, none",
        "vhd, 512, 262144, none",
        "vhd, 512, 33554432, none",
        "vhd, 512, 2097152, zstd",
        "vhd-fixed, 2190433320961, 512, none",
        "vhd-fixed, 512, 256, none",
        "vhd-fixed, 512, 2097152, none",
    })
    void writingRefusesWhatTheFormatCannotHold(String format, long size, int unit, String compression) {
        ImageCodec writing = format.equals("vhd") ? codec : new FixedVhdCodec();
        ImageSpec spec = ImageSpec.ofSize(size).withClusterSize(unit).withCompression(Compression.parse(compression));
        assertFails(Kind.INVALID, () -> writing.newWriter(spec));
    }

    @Test
    void cancellationEndsACheck() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel("test");
        assertFails(Kind.CANCELLED, () -> codec.check(source(dynamic()), cancellation));
    }

    /** Three blocks of ones, twos and threes. */
    private ByteBuffer dynamic() {
        byte[] content = new byte[3 * BLOCK];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (1 + i / BLOCK);
        }
        BlockSource disk =
                MemoryBlockSource.builder(content.length).data(0, content).build();
        ImageSpec spec = ImageSpec.ofSize(content.length).withClusterSize(BLOCK);
        return ByteBuffer.wrap(MemoryImage.of(codec, disk, spec));
    }

    private static ByteBuffer fixed(byte[] content) {
        BlockSource disk =
                MemoryBlockSource.builder(content.length).data(0, content).build();
        return ByteBuffer.wrap(MemoryImage.of(new FixedVhdCodec(), disk, ImageSpec.ofSize(content.length)));
    }

    private static void setSize(ByteBuffer image, long size) {
        image.putLong(48, size);
    }

    /** Puts the checksums right, and the footer's copy behind the blocks as the footer. */
    private static void seal(ByteBuffer image) {
        image.putInt(64, Checksum.of(image.slice(0, Footer.LENGTH), 64));
        image.putInt(512 + 36, Checksum.of(image.slice(512, DynamicHeader.LENGTH), 36));
        image.put(image.capacity() - Footer.LENGTH, image, 0, Footer.LENGTH);
    }
}
