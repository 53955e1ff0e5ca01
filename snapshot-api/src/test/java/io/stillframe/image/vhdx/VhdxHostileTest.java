package io.stillframe.image.vhdx;

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
import io.stillframe.spi.ImageSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Crafted images and logs. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class VhdxHostileTest extends CraftedImages {
    private static final int MIB = 1 << 20;
    private static final int SECTOR = 4096;
    /** Behind the log: two blocks of one MiB, metadata, table. */
    private static final int DATA = 2 * MIB;

    private static final int METADATA = 4 * MIB;
    private static final int ITEMS = METADATA + 65536;
    private static final int TABLE = 5 * MIB;

    VhdxHostileTest() {
        super(new VhdxCodec());
    }

    @Test
    void theIntactHeaderOrTheNewerOneCounts() {
        ByteBuffer image = image();
        image.put(131072 + 100, (byte) 1);
        assertReads(image);
        image.put(65536 + 100, (byte) 1);
        assertFails(Kind.CORRUPT, () -> open(image));
        ByteBuffer newer = image();
        newer.putLong(131072 + 72, 1 << 30); // where its log would be
        Arrays.fill(newer.array(), 131072 + 48, 131072 + 64, (byte) 9); // which it says must be replayed
        seal(newer);
        assertFails(Kind.CORRUPT, () -> open(newer));
        newer.putLong(65536 + 8, 3); // the other one is newer now
        seal(newer);
        assertReads(newer);
    }

    @Test
    void theSecondRegionTableStandsInForTheFirst() {
        ByteBuffer image = image();
        image.put(196608 + 100, (byte) 1);
        assertReads(image);
        assertThat(check(image).corruptions()).singleElement().asString().contains("region table");
        image.put(262144 + 100, (byte) 1);
        assertFails(Kind.CORRUPT, () -> open(image));
    }

    @ParameterizedTest
    @CsvSource({
        "CORRUPT,          0, 0, 8", // signature
        "UNSUPPORTED,  65602, 2, 2", // version
        "CORRUPT,     196616, 2048, 4", // region entries
        "CORRUPT,     196616, 1, 4",
        "CORRUPT,     196616, -1, 4",
        "UNSUPPORTED, 196616, 3, 4", // a required region that is not known
        "CORRUPT,     196640, 0, 8", // where the table lies
        "CORRUPT,     196640, 5242881, 8",
        "CORRUPT,     196640, 0x7ffffffffff00000, 8",
        "CORRUPT,     196640, -1048576, 8",
        "CORRUPT,     196648, 0, 4", // its length
        "CORRUPT,     196648, 0x40000000, 4",
    })
    void headersAndRegionsAreChecked(Kind kind, int offset, String value, int width) {
        ByteBuffer image = image();
        Arrays.fill(image.array(), 131072, 131076, (byte) 0); // one header and
        Arrays.fill(image.array(), 262144, 262148, (byte) 0); // one region table are enough
        image.putInt(196624 + 64 + 28, 1);
        put(image, offset, value, width);
        seal(image);
        assertFails(kind, () -> open(image));
    }

    @ParameterizedTest
    @CsvSource({
        "CORRUPT,     4194304, 0, 8", // signature
        "CORRUPT,     4194314, 2048, 2", // entries
        "CORRUPT,     4194314, 4, 2",
        "UNSUPPORTED, 4194314, 7, 2", // a required item that is not known
        "CORRUPT,     4194352, 0, 4", // where the first item lies
        "CORRUPT,     4194352, -1, 4",
        "CORRUPT,     4194352, 1048569, 4",
        "CORRUPT,     4194356, 7, 4", // its length
        "CORRUPT,     4259840, 524288, 4", // block size
        "CORRUPT,     4259840, 0x20000000, 4",
        "CORRUPT,     4259840, 3145728, 4",
        "UNSUPPORTED, 4259844, 2, 4", // has a parent
        "CORRUPT,     4259848, 513, 8", // disk size
        "CORRUPT,     4259848, -512, 8",
        "CORRUPT,     4259848, 0x400000000200, 8",
        "CORRUPT,     4259848, 0x3ffffffffe00, 8", // more than the table has entries for
        "CORRUPT,     4259872, 1024, 4", // sector sizes
        "CORRUPT,     4259876, 0, 4",
    })
    void metadataIsChecked(Kind kind, int offset, String value, int width) {
        ByteBuffer image = image();
        image.putInt(METADATA + 32 + 6 * 32 + 24, 4);
        put(image, offset, value, width);
        assertFails(kind, () -> open(image));
    }

    @Test
    void blocksOfOtherStatesAreZerosOrBroken() {
        ByteBuffer image = image();
        for (int state : new int[] {0, 1, 2, 3, 5}) {
            image.put(TABLE, (byte) state);
            try (BlockSource disk = open(image)) {
                assertThat(bytes(disk, 0, 2 * MIB)).startsWith(0, 0).endsWith(2, 2);
                assertThat(disk.extents(new ByteRange(0, MIB)).next().kind())
                        .isEqualTo(state == 2 ? Extent.Kind.ZERO : Extent.Kind.HOLE);
            }
        }
        for (int state : new int[] {4, 7}) {
            image.put(TABLE, (byte) state);
            assertThat(check(image).corruptions()).isNotEmpty();
            try (BlockSource disk = open(image)) {
                assertFails(Kind.CORRUPT, () -> bytes(disk, 0, 1));
                assertFails(Kind.CORRUPT, () -> drain(disk));
            }
        }
    }

    @Test
    void entriesThatShareOneBlockAreFoundAndRefusedInTheTimeOfTheFile() {
        ByteBuffer image = image();
        image.putLong(TABLE + 8, image.getLong(TABLE));
        assertThat(check(image).corruptions()).singleElement().asString().contains("block 1");
        int entries = MIB / 8;
        for (int i = 0; i < entries; i++) {
            image.putLong(TABLE + i * 8, image.getLong(TABLE));
        }
        image.putInt(ITEMS, 256 * MIB);
        image.putLong(ITEMS + 8, (entries - entries / 17L) * 256 * MIB);
        try (BlockSource disk = open(image)) {
            assertFails(Kind.CORRUPT, () -> drain(disk));
        }
    }

    @ParameterizedTest
    @CsvSource({"0x600000", "0", "0x7ffffffffff00000", "-1048576"})
    void blocksOutsideOfTheFileAreCorrupt(String offset) {
        ByteBuffer image = image();
        image.putLong(TABLE, Long.decode(offset) | 6);
        try (BlockSource disk = open(image)) {
            assertFails(Kind.CORRUPT, () -> bytes(disk, 0, 1));
            assertThat(bytes(disk, MIB, 1)).containsExactly(2);
        }
        assertThat(check(image).corruptions()).isNotEmpty();
    }

    @Test
    void sectorsOf4096BytesGiveTheTableOtherGaps() {
        ByteBuffer image = image();
        image.putInt(ITEMS, 256 * MIB).putInt(ITEMS + 32, 4096).putLong(ITEMS + 8, 200L * 256 * MIB);
        image.putLong(TABLE, 0).putLong(TABLE + 8, 0);
        image.putLong(TABLE + 129 * 8, DATA | 6); // a bitmap's entry lies behind 128 blocks
        try (BlockSource disk = open(image)) {
            assertThat(bytes(disk, 128L * 256 * MIB, 10)).containsOnly(1);
            ByteRange range = new ByteRange(0, 128L * 256 * MIB + 10);
            Iterator<Extent> extents = disk.extents(range);
            assertThat(extents.next().range()).isEqualTo(new ByteRange(0, 128L * 256 * MIB));
            assertThat(extents.next().kind()).isEqualTo(Extent.Kind.DATA);
        }
        image.putInt(ITEMS + 32, 512);
        image.putLong(TABLE + 129 * 8, 0).putLong(TABLE + (128 + 8) * 8, DATA | 6);
        try (BlockSource disk = open(image)) {
            assertThat(bytes(disk, 128L * 256 * MIB, 10)).containsOnly(1);
        }
    }

    // Logs

    @Test
    void aLogIsReplayedOverAllOfTheFile() {
        ByteBuffer image = image();
        CraftedLog log = new CraftedLog(image, 3 * SECTOR, 1);
        log.sector(DATA, filled(8)).sector(DATA + SECTOR, filled(9)).entry();
        log.zeros(DATA + SECTOR, 3 * SECTOR).entry();
        log.sector(DATA + 2 * SECTOR, filled(7)).entry();
        byte[] expected = new byte[5 * SECTOR];
        Arrays.fill(expected, 0, SECTOR, (byte) 8);
        Arrays.fill(expected, 2 * SECTOR, 3 * SECTOR, (byte) 7);
        Arrays.fill(expected, 4 * SECTOR, 5 * SECTOR, (byte) 1);
        try (BlockSource disk = open(image)) {
            assertThat(bytes(disk, 0, expected.length)).isEqualTo(expected);
            assertThat(bytes(disk, 100, 9000)).isEqualTo(Arrays.copyOfRange(expected, 100, 9100));
        }
        assertThat(check(image).clean()).isTrue();
    }

    @Test
    void aTornEntryAndWhatIsOlderThanTheTailAreNotReplayed() {
        ByteBuffer image = image();
        CraftedLog log = new CraftedLog(image, 0, 10);
        log.sector(DATA, filled(50)).entry();
        log.moveTail().sector(DATA + SECTOR, filled(51)).entry();
        log.sector(DATA + 2 * SECTOR, filled(52)).entry();
        int torn = log.sector(DATA + 3 * SECTOR, filled(53)).entry();
        image.put(torn + SECTOR + 100, (byte) 0);
        try (BlockSource disk = open(image)) {
            byte[] bytes = bytes(disk, 0, 4 * SECTOR);
            assertThat(List.of(bytes[0], bytes[SECTOR], bytes[2 * SECTOR], bytes[3 * SECTOR]))
                    .containsExactly((byte) 1, (byte) 51, (byte) 52, (byte) 1);
        }
    }

    @Test
    void anEntryOfManyDescriptorsIsReplayedAroundTheEndOfTheLog() {
        ByteBuffer image = image();
        CraftedLog log = new CraftedLog(image, MIB - 3 * SECTOR, 1L << 40);
        for (int i = 0; i < 200; i++) {
            log.sector(DATA + i * SECTOR, filled(i));
        }
        log.entry();
        try (BlockSource disk = open(image)) {
            byte[] bytes = bytes(disk, 0, 200 * SECTOR);
            for (int i = 0; i < 200; i++) {
                assertThat(bytes[i * SECTOR]).isEqualTo((byte) i);
                assertThat(bytes[i * SECTOR + SECTOR - 1]).isEqualTo((byte) i);
            }
        }
    }

    @Test
    void aLogCanMakeTheFileLonger() {
        ByteBuffer image = image();
        CraftedLog log = new CraftedLog(image, 0, 1);
        byte[] table = Arrays.copyOfRange(image.array(), TABLE, TABLE + SECTOR);
        ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 6L * MIB | 6);
        log.sector(TABLE, table).sector(7 * MIB - SECTOR, filled(5)).entry(image.capacity(), 7 * MIB);
        try (BlockSource disk = open(image)) {
            assertThat(bytes(disk, 0, MIB)).startsWith(0, 0).endsWith(5, 5);
        }
    }

    @Test
    void aLogThatCannotBeReplayedMakesTheImageCorrupt() {
        ByteBuffer empty = image();
        new CraftedLog(empty, 0, 1);
        assertFails(Kind.CORRUPT, () -> open(empty));
        assertThat(check(empty).corruptions()).singleElement().asString().contains("not closed cleanly");
        ByteBuffer truncated = image();
        new CraftedLog(truncated, 0, 1).sector(DATA, filled(1)).entry(truncated.capacity() + MIB, 9 * MIB);
        assertFails(Kind.CORRUPT, () -> open(truncated));
        ByteBuffer bloated = image();
        new CraftedLog(bloated, 0, 1).sector(DATA, filled(1)).entry(MIB, 1L << 50);
        assertFails(Kind.CORRUPT, () -> open(bloated));
        ByteBuffer tail = image();
        CraftedLog log = new CraftedLog(tail, 0, 1);
        int first = log.sector(DATA, filled(1)).entry();
        log.sector(DATA, filled(2)).entry();
        tail.put(first + 100, (byte) 77);
        assertFails(Kind.CORRUPT, () -> open(tail));
    }

    @ParameterizedTest
    @CsvSource({
        "4097, 4096",
        "-4096, 4096",
        "0x7ffffffffffff000, 4096",
        "4096, 4097",
        "4096, -4096",
        "4096, 0x7ffffffffffff000"
    })
    void descriptorsAreChecked(String position, String length) {
        ByteBuffer image = image();
        new CraftedLog(image, 0, 1)
                .zeros(Long.decode(position), Long.decode(length))
                .entry();
        assertFails(Kind.CORRUPT, () -> open(image));
    }

    @ParameterizedTest
    @CsvSource({
        "64, 1, 2, UNSUPPORTED",
        "68, 0, 4, CORRUPT",
        "68, 4096, 4, CORRUPT",
        "68, 0x7ff00000, 4, CORRUPT",
        "72, 0, 8, CORRUPT",
        "72, -1048576, 8, CORRUPT"
    })
    void whereTheLogLiesIsChecked(int offset, String value, int width, Kind kind) {
        ByteBuffer image = image();
        CraftedLog log = new CraftedLog(image, 0, 1);
        log.sector(DATA, filled(1)).entry();
        put(image, 131072 + offset, value, width);
        log.sealHeader();
        assertFails(kind, () -> open(image));
    }

    /** Every sector claims to begin an entry of the whole log, with a structure that holds as far as one sector can tell. */
    @Test
    void aLogFullOfBeginningsIsSearchedInTheTimeOfTheLog() {
        int length = 64 * MIB;
        ByteBuffer original = image();
        ByteBuffer image = ByteBuffer.allocate(original.capacity() + length).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0, original, 0, original.capacity());
        image.putInt(131072 + 68, length).putLong(131072 + 72, original.capacity());
        CraftedLog log = new CraftedLog(image, 0, 1);
        int entry = log.zeros(0, 0).entry();
        image.putInt(entry + 8, length);
        for (int at = SECTOR; at < length; at += SECTOR) {
            image.put(entry + at, image, entry, SECTOR);
        }
        assertFails(Kind.CORRUPT, () -> open(image));
    }

    @ParameterizedTest
    @CsvSource({"70368744177665, 2097152, none", "512, 524288, none", "512, 536870912, none", "512, 2097152, zlib"})
    void writingRefusesWhatTheFormatCannotHold(long size, int block, String compression) {
        ImageSpec spec = ImageSpec.ofSize(size).withClusterSize(block).withCompression(Compression.parse(compression));
        assertFails(Kind.INVALID, () -> codec.newWriter(spec));
    }

    @Test
    void cancellationEndsACheck() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel("test");
        assertFails(Kind.CANCELLED, () -> codec.check(source(image()), cancellation));
    }

    /** Two blocks of ones and twos. */
    private ByteBuffer image() {
        byte[] content = new byte[2 * MIB];
        Arrays.fill(content, 0, MIB, (byte) 1);
        Arrays.fill(content, MIB, 2 * MIB, (byte) 2);
        BlockSource disk =
                MemoryBlockSource.builder(content.length).data(0, content).build();
        ImageSpec spec = ImageSpec.ofSize(content.length).withClusterSize(MIB);
        return ByteBuffer.wrap(MemoryImage.of(codec, disk, spec)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] filled(int value) {
        byte[] sector = new byte[SECTOR];
        Arrays.fill(sector, (byte) value);
        return sector;
    }

    private static void put(ByteBuffer image, int offset, String value, int width) {
        long number = Long.decode(value);
        switch (width) {
            case 2 -> image.putShort(offset, (short) number);
            case 4 -> image.putInt(offset, (int) number);
            default -> image.putLong(offset, number);
        }
    }

    /** Puts the checksums of headers and region tables right that have their signatures. */
    private static void seal(ByteBuffer image) {
        for (int at : new int[] {65536, 131072, 196608, 262144}) {
            ByteBuffer bytes = image.slice(at, at < 196608 ? 4096 : 65536).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(4, Structures.checksum(bytes));
        }
    }

    private void assertReads(ByteBuffer image) {
        try (BlockSource disk = open(image)) {
            assertThat(bytes(disk, 0, 2 * MIB)).startsWith(1, 1).endsWith(2, 2);
        }
    }
}
