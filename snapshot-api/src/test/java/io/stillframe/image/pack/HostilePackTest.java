package io.stillframe.image.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.github.luben.zstd.Zstd;
import io.stillframe.image.Crc32c;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.contract.CountingByteSource;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Packs that no writer would write; their checksums are right wherever that lets them get further. */
class HostilePackTest {
    private static final Duration HANG = Duration.ofMinutes(1);
    private static final int SIZE = 10 * Packs.CHUNK + 77;
    private static final int FIRST_RUN = 28;

    private static final MemoryBlockSource DISK = MemoryBlockSource.builder(SIZE)
            .data(0, SeededDisk.bytes(SeededDisk.dense(3 * Packs.CHUNK, 5), new ByteRange(0, 3 * Packs.CHUNK)))
            .data(7L * Packs.CHUNK, new byte[] {1, 2, 3})
            .data(SIZE - 1, new byte[] {4})
            .build();
    private static final byte[] GOOD = Packs.full(DISK, Packs.SMALL);

    static Stream<Arguments> lies() {
        return Stream.of(
                lie("footer: magic", Kind.CORRUPT, f -> f.inFooter(8, 1)),
                lie("footer: version", Kind.UNSUPPORTED, f -> f.inFooter(16, 2)),
                lie("footer: flags", Kind.UNSUPPORTED, f -> f.inFooter(20, 2)),
                lie("footer: disk size", Kind.CORRUPT, f -> f.inFooter(24, SIZE + 1L)),
                lie("footer: negative disk size", Kind.CORRUPT, f -> f.inFooter(24, -1L)),
                lie("footer: file length", Kind.CORRUPT, f -> f.inFooter(32, 5L)),
                lie("footer: directory offset", Kind.CORRUPT, f -> f.inFooter(40, 48L)),
                lie("footer: directory behind the file", Kind.CORRUPT, f -> f.inFooter(40, Long.MAX_VALUE)),
                lie("footer: directory length", Kind.CORRUPT, f -> f.inFooter(48, -1)),
                lie("footer: giant directory", Kind.CORRUPT, f -> f.inFooter(48, Integer.MAX_VALUE)),
                lie("footer: seek table length", Kind.CORRUPT, f -> f.inFooter(56, -8L)),
                lie("footer: reserved", Kind.UNSUPPORTED, f -> f.inFooter(68, 1)),
                lie("footer: reserved end", Kind.UNSUPPORTED, f -> f.inFooter(120, 1)),
                lie("directory: magic", Kind.CORRUPT, f -> f.inDirectory(0, 1)),
                lie("directory: length", Kind.CORRUPT, f -> f.inDirectory(4, 1)),
                lie("directory: packs", Kind.CORRUPT, f -> f.inDirectory(Forger.PACKS, 1)),
                lie("directory: giant packs", Kind.CORRUPT, f -> f.inDirectory(Forger.PACKS, Integer.MAX_VALUE)),
                lie("directory: no disk", Kind.CORRUPT, f -> f.inDirectory(Forger.DISKS, 0)),
                lie("directory: two disks", Kind.CORRUPT, f -> f.inDirectory(Forger.DISKS, 2)),
                lie("directory: long subject", Kind.CORRUPT, f -> f.inDirectory(Forger.SUBJECT, 0xFFFF)),
                lie("directory: long name", Kind.CORRUPT, f -> f.inDirectory(Forger.NAME, 0x3FF)),
                lie("directory: disk size", Kind.CORRUPT, f -> f.inDirectory(Forger.SIZE, SIZE + 1L)),
                lie(
                        "directory: both disk sizes",
                        Kind.CORRUPT,
                        f -> f.inDirectory(Forger.SIZE, 1L << 50).inFooter(24, 1L << 50)),
                lie("directory: chunk size 0", Kind.CORRUPT, f -> f.inDirectory(Forger.CHUNK_SIZE, 0)),
                lie("directory: chunk size odd", Kind.CORRUPT, f -> f.inDirectory(Forger.CHUNK_SIZE, 65537)),
                lie("directory: giant chunk size", Kind.CORRUPT, f -> f.inDirectory(Forger.CHUNK_SIZE, 1 << 30)),
                lie("directory: other chunk size", Kind.CORRUPT, f -> f.inDirectory(Forger.CHUNK_SIZE, 128 << 10)),
                lie("directory: digest", Kind.UNSUPPORTED, f -> f.inDirectory(Forger.DIGEST, 9)),
                lie("directory: other digest", Kind.CORRUPT, f -> f.inDirectory(Forger.DIGEST, 0)),
                lie("directory: pages", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGES, 0)),
                lie("directory: giant pages", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGES, Integer.MAX_VALUE)),
                lie("directory: page offset", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGE, 0L)),
                lie("directory: page behind it", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGE, Long.MAX_VALUE)),
                lie("directory: page length", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGE + 8, 1 << 30)),
                lie("directory: small page", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGE + 8, 4)),
                lie("directory: page's first chunk", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGE + 16, 1)),
                lie("directory: page's chunks", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGE + 20, 0)),
                lie("directory: page's many chunks", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGE + 20, -1)),
                lie("directory: page's stored", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGE + 24, -1)),
                lie("directory: page's many stored", Kind.CORRUPT, f -> f.inDirectory(Forger.PAGE + 24, 4096)),
                lie("page: magic", Kind.CORRUPT, f -> f.inPage(0, 1)),
                lie("page: number", Kind.CORRUPT, f -> f.inPage(8, 1)),
                lie("page: first", Kind.CORRUPT, f -> f.inPage(12, 1)),
                lie("page: chunks", Kind.CORRUPT, f -> f.inPage(16, 12)),
                lie("page: runs", Kind.CORRUPT, f -> f.inPage(20, 0)),
                lie("page: many runs", Kind.CORRUPT, f -> f.inPage(20, Integer.MAX_VALUE)),
                lie("page: stored", Kind.CORRUPT, f -> f.inPage(24, 6)),
                lie("run: kind", Kind.CORRUPT, f -> f.inPage(FIRST_RUN, 2)),
                lie("run: reserved", Kind.CORRUPT, f -> f.inPage(FIRST_RUN, 0x101)),
                lie("run: undeclared pack", Kind.CORRUPT, f -> f.inPage(FIRST_RUN, 0x10001)),
                lie("run: zeros in place of frames", Kind.CORRUPT, f -> f.inPage(FIRST_RUN, 0)),
                lie("run: no chunk", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 4, 0)),
                lie("run: too many chunks", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 4, 1000)),
                lie("run: negative chunks", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 4, -3)),
                lie("run: offset 0", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 8, 0)),
                lie("run: offset behind the frames", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 12, 1)),
                lie("run: negative offset", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 12, -1)),
                lie("chunk: nothing stored", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 16, 0)),
                lie("chunk: negative", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 16, -1)),
                lie("chunk: giant", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 16, Integer.MAX_VALUE)),
                lie("chunk: checksum", Kind.CORRUPT, f -> f.inPage(FIRST_RUN + 20, 1)));
    }

    private static Arguments lie(String what, Kind kind, UnaryOperator<Forger> change) {
        return Arguments.of(what, kind, change);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lies")
    void everyFieldIsChecked(String what, Kind kind, UnaryOperator<Forger> change) {
        byte[] forged = change.apply(new Forger(GOOD)).sealed();
        assertThat(kindOfReading(forged)).contains(kind);
        assertThat(Packs.verify(forged).clean()).isFalse();
        assertThat(new PackCodec().check(new CountingByteSource(forged), new Cancellation()))
                .satisfies(check -> {
                    if (!what.equals("chunk: checksum")) {
                        assertThat(check.clean()).isFalse();
                    }
                });
    }

    @Test
    void theSealedOriginalIsGood() {
        assertThat(kindOfReading(new Forger(GOOD).sealed())).isEmpty();
        assertThat(Packs.verify(GOOD).findings()).isEmpty();
    }

    /** A reader gets the right bytes from them; the verification tells that they are not as they must be. */
    @Test
    void whatOnlyStockToolsReadIsVerified() {
        Forger header = new Forger(GOOD);
        header.bytes.put(20, (byte) 7);
        assertStructure(header.bytes.array());
        Forger zeros = new Forger(GOOD);
        int zeroFrame = (int) third().end();
        zeros.bytes.put(zeroFrame + 13, (byte) 1);
        assertStructure(zeros.bytes.array());
        Forger table = new Forger(GOOD);
        table.bytes.put(table.footer + PackFormat.FOOTER + 20, (byte) 1);
        assertStructure(table.bytes.array());
        assertStructure(new Forger(GOOD).inFooter(72, 1).sealed());
    }

    private static void assertStructure(byte[] forged) {
        assertThat(kindOfReading(forged)).isEmpty();
        assertThat(Packs.verify(forged).findings())
                .isNotEmpty()
                .allSatisfy(finding -> assertThat(finding.kind()).isEqualTo(VerifyFinding.Kind.STRUCTURE));
    }

    private static StoredChunk third() {
        IndexedDisk disk = Packs.open(GOOD).disk();
        return disk.page(0).chunk(0, 2);
    }

    /** Two chunks that say they lie at the same place. */
    @Test
    void overlappingFramesAreReported() {
        IndexPage page = Packs.open(GOOD).disk().page(0);
        int first = 0;
        while (!page.isZero(first)) {
            first++;
        }
        int stored = page.runStart(first) * (PackFormat.ENTRY + 32);
        int run = FIRST_RUN + first * PackFormat.RUN + stored + PackFormat.RUN;
        Forger forged = new Forger(GOOD);
        assertThat(forged.bytes.getInt(forged.page + run)).isEqualTo(PackFormat.STORED_RUN);
        byte[] overlapping =
                forged.inPage(run + 8, (int) page.chunk(0, 0).offset()).sealed();
        assertThat(Packs.verify(overlapping).findings())
                .anySatisfy(finding -> assertThat(finding.what()).contains("what is before it ends at"));
    }

    @Test
    void aBombIsNotUnpacked() {
        byte[] bomb = Zstd.compress(new byte[300 << 20], 1);
        assertThat(kindOfReading(withFirstFrame(bomb))).contains(Kind.CORRUPT);
    }

    @Test
    void aFrameOfLessIsCorrupt() {
        assertThat(kindOfReading(withFirstFrame(Zstd.compress(new byte[Packs.CHUNK - 1]))))
                .contains(Kind.CORRUPT);
    }

    @Test
    void aFrameOfOtherContentHasAnotherDigest() {
        byte[] other = new byte[Packs.CHUNK];
        Arrays.fill(other, (byte) 3);
        byte[] forged = withFirstFrame(Zstd.compress(other));
        assertThat(kindOfReading(forged)).isEmpty();
        assertThat(Packs.verify(forged).findings())
                .anySatisfy(finding -> assertThat(finding.kind()).isEqualTo(VerifyFinding.Kind.DIGEST));
    }

    /** Puts a frame in the place of the first one and makes the index say so; what is between them stays. */
    private static byte[] withFirstFrame(byte[] frame) {
        IndexedDisk disk = Packs.open(GOOD).disk();
        StoredChunk first = disk.page(0).chunk(0, 0);
        // The second and third chunk then lie anywhere, which nobody reads here.
        int room = first.stored();
        byte[] used = frame.length <= room ? frame : Arrays.copyOf(frame, room);
        Forger forged = new Forger(GOOD);
        forged.bytes.position((int) first.offset()).put(used);
        return forged.inPage(FIRST_RUN + 16, used.length)
                .inPage(FIRST_RUN + 20, Crc32c.of(ByteBuffer.wrap(used)))
                .sealed();
    }

    /** Reads the first chunk, and the others if it is right. */
    private static Optional<Kind> kindOfReading(byte[] pack) {
        return assertTimeoutPreemptively(HANG, () -> {
            try (BlockSource opened = Packs.openDisk(pack)) {
                opened.read(0, ByteBuffer.allocateDirect((int) Math.min(opened.size(), Packs.CHUNK)));
                if (Packs.verify(pack).findings().stream()
                        .noneMatch(finding -> finding.kind() == VerifyFinding.Kind.DIGEST)) {
                    DiskAssert.assertSameDisk(opened, DISK, 3);
                }
                return Optional.empty();
            } catch (SnapshotException e) {
                return Optional.of(e.kind());
            }
        });
    }

    @Test
    void mutatedIndexesAreAnsweredWithinBounds() {
        long rounds = Long.getLong("stillframe.fuzz.rounds", 700);
        long seed = Long.getLong("stillframe.fuzz.seed", 20260301);
        Random random = new Random(seed);
        for (long round = 0; round < rounds; round++) {
            Forger forged = new Forger(GOOD);
            for (int i = 0; i <= random.nextInt(3); i++) {
                mutate(forged, random);
            }
            byte[] mutant = random.nextInt(8) == 0
                    ? Arrays.copyOf(forged.bytes.array(), random.nextInt(GOOD.length))
                    : forged.sealed();
            String what = "seed " + seed + ", round " + round;
            assertTimeoutPreemptively(HANG, () -> assertAnswers(mutant, what), what);
        }
    }

    private static void mutate(Forger forged, Random random) {
        int start = switch (random.nextInt(4)) {
            case 0 -> forged.page;
            case 1 -> forged.directory;
            case 2 -> forged.footer;
            default -> 0;
        };
        int end = start == forged.page
                ? forged.directory
                : start == forged.directory ? forged.footer : Math.min(forged.bytes.capacity(), start + 1000);
        int at = start + random.nextInt(end - start - 8);
        switch (random.nextInt(5)) {
            case 0 -> forged.bytes.put(at, (byte) (forged.bytes.get(at) ^ 1 << random.nextInt(8)));
            case 1 -> forged.bytes.putInt(at & -4, random.nextInt(100) - 50);
            case 2 -> forged.bytes.putInt(at & -4, random.nextInt());
            case 3 -> forged.bytes.putLong(at & -4, 1L << random.nextInt(64));
            default -> forged.bytes.putInt(at & -4, forged.bytes.getInt(at & -4) + random.nextInt(9) - 4);
        }
    }

    private static void assertAnswers(byte[] mutant, String what) {
        try (BlockSource opened = Packs.openDisk(mutant)) {
            long shown = Math.min(opened.size(), 4L << 20);
            DiskAssert.assertExtentsCover(opened, new ByteRange(0, shown));
            for (long at = 0; at < shown; at += 100_000) {
                opened.read(at, ByteBuffer.allocate((int) Math.min(100_000, shown - at)));
            }
        } catch (SnapshotException e) {
            assertThat(e.kind()).as("%s: %s", what, e).isIn(Kind.CORRUPT, Kind.UNSUPPORTED);
        }
        Packs.verify(mutant);
    }
}
