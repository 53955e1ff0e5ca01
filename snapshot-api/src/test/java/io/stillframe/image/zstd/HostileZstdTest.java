package io.stillframe.image.zstd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.stillframe.image.Crc32c;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.zstd.ZeroFrame;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.contract.CountingByteSource;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Images that no writer would write. */
class HostileZstdTest {
    private static final int MIB = 1 << 20;

    private final ZstdCodec codec = new ZstdCodec();
    private final ByteArrayOutputStream file = new ByteArrayOutputStream();
    private final FrameTable frames = new FrameTable();

    @Test
    void aFrameThatHoldsMoreThanItSaysIsNotUnpacked() {
        byte[] bomb = Zstd.compress(new byte[48 * MIB]);
        frame(bomb, 5000, false);
        assertReadFails(Kind.CORRUPT, 5000);
    }

    @Test
    void aFrameThatHoldsLessThanItSaysIsCorrupt() {
        frame(Zstd.compress(new byte[999]), 1000, false);
        assertReadFails(Kind.CORRUPT, 1000);
    }

    @Test
    void aFrameWithoutCompressedDataIsCorrupt() {
        frame(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 1000, false);
        assertReadFails(Kind.CORRUPT, 1000);
    }

    @Test
    void framesBeyondTheBoundAreRefusedBeforeAnyAllocation() {
        frame(Zstd.compress(new byte[10]), SeekTableReader.LARGEST_FRAME + 1, false);
        assertOpenFails(Kind.UNSUPPORTED);
    }

    @Test
    void storedSizesAreCheckedAgainstContentAndFile() {
        frame(new byte[3 * MIB], MIB, false);
        assertOpenFails(Kind.CORRUPT);
    }

    @Test
    void aFrameOfNothingStoredIsCorrupt() {
        frame(new byte[0], 4096, false);
        assertOpenFails(Kind.CORRUPT);
    }

    @Test
    void aMarkedZeroFrameMustHaveItsSize() {
        frame(Zstd.compress(new byte[MIB]), MIB, true);
        assertOpenFails(Kind.CORRUPT);
    }

    /** What the index calls zeros is zeros for a reader; the check tells that stock tools would see something else. */
    @Test
    void aMarkedZeroFrameWithOtherContentReadsAsZerosAndFailsTheCheck() {
        byte[] other = new byte[ZeroFrame.storedSize(MIB)];
        frame(other, MIB, true);
        byte[] image = image();
        try (BlockSource opened = open(image)) {
            assertThat(opened.extents(new ByteRange(0, MIB)).next().kind()).isEqualTo(Extent.Kind.ZERO);
            ByteBuffer read = ByteBuffer.allocate(MIB);
            opened.read(0, read);
            assertThat(read.array()).containsOnly(0);
        }
        assertThat(codec.check(new CountingByteSource(image), new Cancellation())
                        .corruptions())
                .hasSize(1);
    }

    @Test
    void moreFramesThanTheFileCanHoldAreCorruptAndMoreThanTheBoundUnsupported() {
        assertThat(kindOfOpening(footer(100_000_000, (byte) 0))).isEqualTo(Kind.UNSUPPORTED);
        assertThat(kindOfOpening(footer(-1, (byte) 0))).isEqualTo(Kind.UNSUPPORTED);
        assertThat(kindOfOpening(footer(1_000_000, (byte) 0))).isEqualTo(Kind.CORRUPT);
        assertThat(kindOfOpening(footer(1, (byte) 0x40))).isEqualTo(Kind.UNSUPPORTED);
    }

    /** The sums stay the same, so that only the checksum can tell. */
    @Test
    void exchangedEntriesOfTheSeekTableAreCorrupt() {
        frame(Zstd.compress(new byte[500]), 500, false);
        frame(Zstd.compress("other".repeat(100).getBytes(java.nio.charset.StandardCharsets.US_ASCII)), 500, false);
        byte[] image = image();
        ByteBuffer bytes = ByteBuffer.wrap(image);
        int first = image.length - SeekTable.FOOTER - 3 * SeekTable.ENTRY;
        long entry = bytes.getLong(first);
        bytes.putLong(first, bytes.getLong(first + SeekTable.ENTRY)).putLong(first + SeekTable.ENTRY, entry);
        assertThat(kindOfOpening(image)).isEqualTo(Kind.CORRUPT);
    }

    @Test
    void aLaterIndexVersionIsUnsupported() {
        frame(Zstd.compress(new byte[500]), 500, false);
        byte[] image = image();
        int index = file.size() - tail();
        ByteBuffer bytes = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(index + SeekTable.FRAME_HEADER + 8, SeekTable.VERSION + 1);
        int end = index + SeekTable.indexLength(1) - Integer.BYTES;
        Crc32c checksum = new Crc32c();
        checksum.update(ByteBuffer.wrap(image, index, end - index));
        bytes.putInt(end, checksum.value());
        assertThat(kindOfOpening(image)).isEqualTo(Kind.UNSUPPORTED);
    }

    private int tail() {
        return SeekTable.indexLength(1) + SeekTable.FRAME_HEADER + 2 * SeekTable.ENTRY + SeekTable.FOOTER;
    }

    private void frame(byte[] stored, int length, boolean zero) {
        file.writeBytes(stored);
        frames.add(stored.length, length, zero);
    }

    private byte[] image() {
        SeekTable.write(frames, bytes -> {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            file.writeBytes(copy);
        });
        return file.toByteArray();
    }

    private static byte[] footer(int entries, byte descriptor) {
        ByteBuffer bytes = ByteBuffer.allocate(5000).order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(bytes.capacity() - SeekTable.FOOTER);
        bytes.putInt(entries).put(descriptor).putInt(SeekTable.SEEKABLE);
        return bytes.array();
    }

    private void assertOpenFails(Kind kind) {
        assertThat(kindOfOpening(image())).isEqualTo(kind);
    }

    private Kind kindOfOpening(byte[] image) {
        try (BlockSource opened = open(image)) {
            throw new AssertionError("opened a disk of " + opened.size() + " bytes");
        } catch (SnapshotException e) {
            return e.kind();
        }
    }

    private void assertReadFails(Kind kind, int length) {
        try (BlockSource opened = open(image())) {
            for (ByteBuffer target : List.of(ByteBuffer.allocate(length), ByteBuffer.allocateDirect(length + MIB))) {
                assertThatThrownBy(() -> opened.read(0, target.limit(length)))
                        .isInstanceOfSatisfying(
                                SnapshotException.class,
                                e -> assertThat(e.kind()).isEqualTo(kind))
                        .hasMessageContaining("frame 0");
            }
        }
    }

    private BlockSource open(byte[] image) {
        return codec.open(List.of(new ImageCodec.Layer(new CountingByteSource(image), codec)));
    }
}
