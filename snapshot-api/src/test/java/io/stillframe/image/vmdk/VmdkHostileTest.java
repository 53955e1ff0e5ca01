package io.stillframe.image.vmdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.qcow2.MemoryImage;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.contract.CountingByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.zip.Deflater;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that were made to do harm, by hand. */
class VmdkHostileTest {
    private static final int GRAIN = 65_536;
    private static final int FIRST_GRAIN = GRAIN;
    private static final int DESCRIPTOR = 512;

    private final VmdkCodec codec = new VmdkCodec();

    // Header and footer

    @ParameterizedTest
    @CsvSource({
        "CORRUPT,      0, 0x12345678, 4", // magic
        "UNSUPPORTED,  4, 0, 4",
        "UNSUPPORTED,  4, 4, 4", // version
        "UNSUPPORTED,  8, 0x30009, 4",
        "CORRUPT,      8, 0x20001, 4",
        "UNSUPPORTED,  8, 0x10001, 4", // flags
        "CORRUPT,     12, 7, 8",
        "CORRUPT,     12, -1, 8", // capacity, which contradicts the footer
        "CORRUPT,     20, 0, 8",
        "CORRUPT,     20, 127, 8",
        "CORRUPT,     20, 256, 8",
        "CORRUPT,     20, 0x8000000000000000, 8", // grain size, which contradicts the footer
        "UNSUPPORTED, 28, 0, 8",
        "CORRUPT,     28, -1, 8",
        "CORRUPT,     28, 0x80000000000000, 8",
        "UNSUPPORTED, 28, 100, 8", // descriptor
        "UNSUPPORTED, 36, 0, 8",
        "CORRUPT,     36, -1, 8",
        "CORRUPT,     36, 0x7fffffff, 8", // its size
        "UNSUPPORTED, 44, 0, 4",
        "UNSUPPORTED, 44, 511, 4",
        "UNSUPPORTED, 44, -1, 4", // entries of a table
        "CORRUPT,     56, 0, 8",
        "CORRUPT,     56, 1, 8",
        "CORRUPT,     56, 0x7fffffffffffffff, 8", // directory
        "CORRUPT,     73, 0, 1",
        "CORRUPT,     75, 10, 1", // line ends
        "CORRUPT,     77, 0, 2",
        "UNSUPPORTED, 77, 2, 2", // compression
    })
    void headerFieldsAreChecked(Kind kind, int offset, String value, int width) {
        ByteBuffer image = image();
        put(image, offset, value, width);
        assertRefused(image, kind);
    }

    @ParameterizedTest
    @CsvSource({
        "CORRUPT,      0, 0x12345678, 4",
        "UNSUPPORTED,  4, 9, 4",
        "CORRUPT,     12, 1, 8",
        "CORRUPT,     20, 64, 8",
        "CORRUPT,     56, -1, 8",
        "CORRUPT,     56, -2, 8",
        "CORRUPT,     56, 5, 8",
        "CORRUPT,   -504, 2, 4",
        "CORRUPT,   -500, 2, 4", // its marker
        "CORRUPT,    512, 1, 8",
        "CORRUPT,    520, 3, 4",
        "CORRUPT,    524, 3, 4", // the end-of-stream marker
    })
    void theFooterIsChecked(Kind kind, int offset, String value, int width) {
        ByteBuffer image = image();
        put(image, footer(image) + offset, value, width);
        assertRefused(image, kind);
    }

    @Test
    void grainsOfAllSizesOutOfRangeAreRefused() {
        for (long sectors : new long[] {1, 4, 8192, 1L << 40, 1L << 62}) {
            ByteBuffer image = image();
            image.putLong(20, sectors).putLong(footer(image) + 20, sectors);
            assertRefused(image, Kind.UNSUPPORTED);
        }
    }

    @Test
    void capacitiesOutOfRangeAreRefused() {
        for (long sectors : new long[] {-1, 1L << 62, (1L << 41) + 1, Long.MAX_VALUE}) {
            ByteBuffer image = image();
            image.putLong(12, sectors).putLong(footer(image) + 12, sectors);
            assertRefused(image, Kind.UNSUPPORTED);
        }
    }

    @Test
    void aDirectoryThatIsLargerThanTheFileIsRefusedBeforeItIsRead() {
        ByteBuffer image = image();
        long capacity = 1L << 40;
        image.putLong(12, capacity).putLong(footer(image) + 12, capacity);
        replace(image, "RDONLY 384 ", "RDONLY " + capacity + " ");
        assertRefused(image, Kind.CORRUPT);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 20, 511, 512, 1023, 2047})
    void whatIsCutOffIsCorrupt(int length) {
        assertRefused(ByteBuffer.wrap(Arrays.copyOf(image().array(), length)), Kind.CORRUPT);
    }

    // Descriptor

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "UNSUPPORTED | parentCID=ffffffff             | parentCID=12345678",
                "UNSUPPORTED | parentCID=ffffffff             | PARENTcid=1",
                "UNSUPPORTED | #DDB                           | parentFileNameHint=\"../../etc/passwd\"",
                "UNSUPPORTED | \"disk.vmdk\"                  | \"/etc/passwd\"",
                "UNSUPPORTED | \"disk.vmdk\"                  | \"..\\x.vmdk\"",
                "UNSUPPORTED | \"disk.vmdk\"                  | \"..\"",
                "UNSUPPORTED | \"disk.vmdk\"                  | \"\"",
                "UNSUPPORTED | \"disk.vmdk\"                  | \"disk.vmdk\" 63",
                "UNSUPPORTED | SPARSE \"disk.vmdk\"           | ZERO",
                "UNSUPPORTED | SPARSE                         | FLAT",
                "UNSUPPORTED | SPARSE                         | VMFSSPARSE",
                "UNSUPPORTED | RDONLY                         | NOACCESS",
                "CORRUPT     | RDONLY 384                     | RDONLY 385",
                "CORRUPT     | RDONLY 384                     | RDONLY 256",
                "CORRUPT     | RDONLY 384                     | RDONLY 9999999999999999999",
                "CORRUPT     | RDONLY 384                     | RDONLY -384",
                "CORRUPT     | RDONLY 384 SPARSE \"disk.vmdk\"| #",
                "UNSUPPORTED | #DDB                           | RW 384 SPARSE \"two.vmdk\"",
                "UNSUPPORTED | streamOptimized                | monolithicFlat",
                "UNSUPPORTED | streamOptimized                | custom",
                "CORRUPT     | createType                     | createKind",
                "CORRUPT     | #DDB                           | CREATETYPE=\"streamOptimized\"",
                "CORRUPT     | CID=                           | CIX=",
                "CORRUPT     | #DDB                           | CID=1",
                "CORRUPT     | #DDB                           | what is this",
                "UNSUPPORTED | version=1                      | version=4",
                "UNSUPPORTED | #DDB                           | encryption.keySafe = \"vmware:key\"",
                "CORRUPT     | # Disk DescriptorFile          | # Disk descriptor",
            })
    void descriptorsAreChecked(Kind kind, String from, String to) {
        ByteBuffer image = image();
        replace(image, from, to);
        assertRefused(image, kind);
    }

    @Test
    void anImageWithoutADescriptorIsAPartOfASplitDisk() {
        ByteBuffer image = image();
        image.put(DESCRIPTOR, (byte) 0);
        assertRefused(image, Kind.UNSUPPORTED);
    }

    @Test
    void controlCharactersInADescriptorAreCorrupt() {
        ByteBuffer image = image();
        image.put(DESCRIPTOR + 30, (byte) 27);
        assertRefused(image, Kind.CORRUPT);
    }

    @Test
    void aFileNameInAnyEncodingIsNoneOfOurBusiness() {
        ByteBuffer image = image();
        replace(image, "disk.vmdk", "d\u00efsk\u0080.vmdk");
        assertThat(firstByte(image)).isEqualTo((byte) 1);
    }

    @Test
    void aWrongExactSizeIsNotBelieved() {
        ByteBuffer image = image();
        replace(image, "#DDB", "ddb.stillframe.size = \"5\"");
        try (BlockSource disk = open(image)) {
            assertThat(disk.size()).isEqualTo(3L * GRAIN);
        }
    }

    @Test
    void aDescriptorOfAMegabyteOfLinesIsAnsweredSoon() {
        byte[] text = "# Disk DescriptorFile\na=1\n".repeat(40_000).getBytes(StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> Descriptor.of(text, "image")).isInstanceOf(SnapshotException.class);
    }

    // Tables

    @Test
    void tablesThatAllShareOnePlaceAreRefusedInTheTimeOfTheFile() {
        int entries = 1 << 20;
        ByteBuffer image = withDirectory(entries);
        int directory = directory(image);
        int table = image.getInt(directory);
        image.put(
                (int) Sectors.bytes(table), new byte[SparseHeader.TABLE_BYTES]); // nothing stored: only the walk costs
        for (int i = 0; i < entries; i++) {
            image.putInt(directory + i * Integer.BYTES, table);
        }
        try (BlockSource disk = open(image)) {
            assertCorrupt(() -> drain(disk), "share one place");
        }
        assertThat(codec.check(source(image), new Cancellation()).corruptions()).isNotEmpty();
    }

    @Test
    void grainsThatAllShareOnePlaceAreRefused() {
        ByteBuffer image = withDirectory(64);
        int directory = directory(image);
        int table = (int) Sectors.bytes(image.getInt(directory));
        for (int i = 0; i < 64; i++) {
            image.putInt(directory + i * Integer.BYTES, table >>> Sectors.BITS);
        }
        for (int i = 0; i < SparseHeader.TABLE_ENTRIES; i++) {
            image.putInt(table + i * Integer.BYTES, FIRST_GRAIN / 512);
        }
        try (BlockSource disk = open(image)) {
            assertCorrupt(() -> drain(disk), "share one place");
            assertCorrupt(() -> disk.read(GRAIN, ByteBuffer.allocate(10)), "marker");
        }
        assertThat(codec.check(source(image), new Cancellation()).corruptions()).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 20, 0x7fffffff, -1})
    void tablesOutsideOfTheDataAreCorrupt(int sector) {
        ByteBuffer image = image();
        image.putInt(directory(image), sector);
        try (BlockSource disk = open(image)) {
            assertCorrupt(() -> disk.read(0, ByteBuffer.allocate(1)), "grain table");
        }
        assertThat(codec.check(source(image), new Cancellation()).corruptions()).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 20, 0x7fffffff, -1})
    void grainsOutsideOfTheDataAreCorrupt(int sector) {
        ByteBuffer image = image();
        image.putInt((int) Sectors.bytes(image.getInt(directory(image))), sector);
        try (BlockSource disk = open(image)) {
            assertCorrupt(() -> disk.read(0, ByteBuffer.allocate(1)), "not within the file");
        }
        assertThat(codec.check(source(image), new Cancellation()).corruptions()).isNotEmpty();
    }

    @Test
    void aCheckFindsGrainsThatOverlap() {
        byte[] bytes = image().array();
        ByteBuffer image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int table = (int) Sectors.bytes(image.getInt(directory(image)));
        int second = (int) Sectors.bytes(image.getInt(table + 4));
        image.putInt(FIRST_GRAIN + 8, second - FIRST_GRAIN); // reaches into the second grain's marker
        assertThat(codec.check(source(image), new Cancellation()).corruptions())
                .anyMatch(text -> text.contains("shares sectors"));
    }

    @Test
    void cancellationEndsACheck() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel("test");
        assertThatThrownBy(() -> codec.check(source(image()), cancellation))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED));
    }

    // Compressed grains

    @ParameterizedTest
    @CsvSource({"0, 1, 8", "0, -1, 8", "8, 0, 4", "8, -1, 4", "8, 131073, 4", "8, 0x7fffffff, 4", "8, 131072, 4"})
    void markersAreChecked(int offset, String value, int width) {
        ByteBuffer image = image();
        put(image, FIRST_GRAIN + offset, value, width);
        assertCorrupt(() -> firstByte(image), "");
        assertThat(codec.check(source(image), new Cancellation()).corruptions()).isNotEmpty();
    }

    @Test
    void aBombIsStoppedAtTheGrain() {
        assertCorrupt(() -> firstByte(withData(deflated(new byte[8 << 20]))), "cannot be inflated");
        assertCorrupt(() -> firstByte(withData(deflated(new byte[GRAIN + 1]))), "cannot be inflated");
    }

    @Test
    void aGrainThatIsTooShortIsRefused() {
        assertCorrupt(() -> firstByte(withData(deflated(new byte[GRAIN - 1]))), "cannot be inflated");
    }

    @Test
    void aGrainWithoutItsChecksumIsRefused() {
        byte[] data = deflated(new byte[GRAIN]);
        assertCorrupt(() -> firstByte(withData(Arrays.copyOf(data, data.length - 4))), "cannot be inflated");
        data[data.length - 1] ^= 1;
        assertCorrupt(() -> firstByte(withData(data)), "cannot be inflated");
    }

    @Test
    void aPresetDictionaryIsRefused() {
        byte[] data = deflated(new byte[GRAIN]);
        data[0] = 0x78;
        data[1] = (byte) 0xbb;
        assertCorrupt(() -> firstByte(withData(data)), "cannot be inflated");
    }

    @Test
    void theLastGrainMayBeAsShortAsTheDisk() {
        byte[] content = new byte[1000];
        Arrays.fill(content, (byte) 9);
        ByteBuffer image =
                bytesOf(MemoryBlockSource.builder(1024).data(0, content).build());
        byte[] data = deflated(Arrays.copyOf(content, 1024));
        image.putInt(FIRST_GRAIN + 8, data.length).put(FIRST_GRAIN + 12, data);
        assertThat(firstByte(image)).isEqualTo((byte) 9);
    }

    // Writing

    @ParameterizedTest
    @ValueSource(strings = {"zlib:0", "zlib:10", "none:1", "zstd", "lz4"})
    void writingRefusesLevelsOutOfRange(String compression) {
        ImageSpec spec = ImageSpec.ofSize(GRAIN).withCompression(Compression.parse(compression));
        assertInvalid(() -> codec.newWriter(spec));
    }

    @ParameterizedTest
    @CsvSource({"32768, 512", "131072, 512", "65536, 1125899906842625"})
    void writingRefusesGrainsAndSizesOutOfRange(int clusterSize, long size) {
        ImageSpec spec = ImageSpec.ofSize(size).withClusterSize(clusterSize);
        assertInvalid(() -> codec.newWriter(spec));
    }

    @Test
    void aFileOfMoreThanTwoTebibytesIsRefused() {
        WrittenTables tables = new WrittenTables(1);
        tables.advance(1L << 32);
        assertThatThrownBy(() -> tables.advance(1))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNSUPPORTED));
    }

    // Parts

    private static void assertInvalid(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID));
    }

    private void assertRefused(ByteBuffer image, Kind kind) {
        assertThatThrownBy(() -> open(image))
                .isInstanceOfSatisfying(
                        SnapshotException.class,
                        e -> assertThat(e.kind()).as("%s", e).isEqualTo(kind));
    }

    private static void assertCorrupt(ThrowingCallable call, String mentions) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT))
                .hasMessageContaining(mentions);
    }

    private static void drain(BlockSource disk) {
        Iterator<?> extents = disk.extents(new ByteRange(0, disk.size()));
        while (extents.hasNext()) {
            extents.next();
        }
    }

    /** Three grains of ones. */
    private ByteBuffer image() {
        byte[] content = new byte[3 * GRAIN];
        Arrays.fill(content, (byte) 1);
        return bytesOf(
                MemoryBlockSource.builder(content.length).data(0, content).build());
    }

    private ByteBuffer bytesOf(BlockSource disk) {
        byte[] image = MemoryImage.of(codec, disk, ImageSpec.ofSize(disk.size()));
        return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The image with the first grain's data replaced, at the end of the file, in front of a new footer. */
    private ByteBuffer withData(byte[] data) {
        ByteBuffer image = image();
        int end = image.capacity();
        int room = Sectors.roundUp(Marker.GRAIN_LENGTH + data.length);
        ByteBuffer grown = ByteBuffer.allocate(end + room + 3 * Sectors.SIZE).order(ByteOrder.LITTLE_ENDIAN);
        grown.put(image.array());
        grown.putInt(end + 8, data.length).put(end + Marker.GRAIN_LENGTH, data);
        grown.put(end + room, image.array(), end - 3 * Sectors.SIZE, 3 * Sectors.SIZE);
        grown.putInt((int) Sectors.bytes(image.getInt(directory(image))), end >>> Sectors.BITS);
        return grown;
    }

    /** An image for a disk with this many grain tables, none of them there but the first. */
    private ByteBuffer withDirectory(int entries) {
        byte[] content = new byte[GRAIN];
        Arrays.fill(content, (byte) 1);
        long size = entries * WriterOptions.TABLE_COVERAGE;
        return bytesOf(MemoryBlockSource.builder(size).data(0, content).build());
    }

    private static int footer(ByteBuffer image) {
        return image.capacity() - 2 * Sectors.SIZE;
    }

    private static int directory(ByteBuffer image) {
        return (int) Sectors.bytes(image.getLong(footer(image) + 56));
    }

    private static void replace(ByteBuffer image, String from, String to) {
        String text = new String(image.array(), DESCRIPTOR, 20 * 512, StandardCharsets.ISO_8859_1);
        assertThat(text).contains(from);
        byte[] changed = text.replaceFirst(
                        java.util.regex.Pattern.quote(from), java.util.regex.Matcher.quoteReplacement(to))
                .getBytes(StandardCharsets.ISO_8859_1);
        image.put(DESCRIPTOR, changed, 0, 20 * 512 - 100);
    }

    private static void put(ByteBuffer image, int offset, String value, int width) {
        long number = Long.parseUnsignedLong(
                value.startsWith("0x") ? value.substring(2) : Long.toHexString(Long.parseLong(value)), 16);
        switch (width) {
            case 1 -> image.put(offset, (byte) number);
            case 2 -> image.putShort(offset, (short) number);
            case 4 -> image.putInt(offset, (int) number);
            default -> image.putLong(offset, number);
        }
    }

    private byte firstByte(ByteBuffer image) {
        try (BlockSource disk = open(image)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            disk.read(0, one);
            return one.get(0);
        }
    }

    private BlockSource open(ByteBuffer image) {
        return codec.open(List.of(new ImageCodec.Layer(source(image), codec)));
    }

    private static CountingByteSource source(ByteBuffer image) {
        return new CountingByteSource(image.array());
    }

    private static byte[] deflated(byte[] content) {
        Deflater deflater = new Deflater(9);
        deflater.setInput(content);
        deflater.finish();
        byte[] bytes = new byte[content.length + 100];
        int length = deflater.deflate(bytes);
        deflater.end();
        return Arrays.copyOf(bytes, length);
    }
}
