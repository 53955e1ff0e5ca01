package io.stillframe.image.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.MemoryBlockSource;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.contract.CountingByteSource;
import io.stillframe.spi.contract.DiskAssert;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A disk that changes from generation to generation, its incremental packs and manifests. */
class GenerationsTest {
    private static final int CHUNK = Packs.CHUNK;
    private static final int CHUNKS = 40;

    private final Packs store = new Packs();
    private final Random random = new Random(77);
    private final byte[] content = new byte[CHUNKS * CHUNK + 100];

    private MemoryBlockSource disk(int length) {
        return MemoryBlockSource.builder(length)
                .data(0, Arrays.copyOf(content, length))
                .build();
    }

    private MemoryBlockSource disk() {
        return disk(content.length);
    }

    private ByteRange write(int chunk, int from, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        System.arraycopy(bytes, 0, content, chunk * CHUNK + from, length);
        return ByteRange.ofLength((long) chunk * CHUNK + from, length);
    }

    private ByteRange erase(int chunk) {
        Arrays.fill(content, chunk * CHUNK, (chunk + 1) * CHUNK, (byte) 0);
        return ByteRange.ofLength((long) chunk * CHUNK, CHUNK);
    }

    private PackFile first() {
        for (int chunk = 0; chunk < CHUNKS; chunk += 2) {
            write(chunk, 0, CHUNK);
        }
        write(CHUNKS, 0, 100);
        return store.keep(Packs.full(disk(), Packs.SMALL));
    }

    @Test
    void threeGenerationsByContentEachPointStraightAtThePacks() {
        PackFile first = first();
        write(0, 5, 1);
        write(1, 0, 10);
        erase(4);
        Packs.Written two = Packs.byContent(disk(), first.disk());
        PackFile second = store.keep(two.pack());
        MemoryBlockSource secondDisk = disk();
        write(0, 7, 1);
        write(6, 0, 1);
        Packs.Written three = Packs.byContent(disk(), second.disk());
        PackFile third = store.keep(three.pack());

        assertThat(own(second)).isEqualTo(2);
        assertThat(own(third)).isEqualTo(2);
        assertThat(second.needs()).extracting(PackReference::id).containsExactly(first.id());
        assertThat(third.needs()).extracting(PackReference::id).containsExactlyInAnyOrder(first.id(), second.id());
        assertSame(second, secondDisk);
        assertSame(third, disk());
        assertThat(two.result().content()).contains(DiskAssert.contentDigest(secondDisk));
        assertThat(Packs.verify(three.pack(), Optional.of(store), new VerifyScope.Everything()))
                .satisfies(report -> {
                    assertThat(report.findings()).isEmpty();
                    assertThat(report.chunksChecked()).isEqualTo(third.disk().storedChunks());
                });
    }

    @Test
    void byDirtyRangesReadsNothingElseAndGivesTheSameChunks() {
        PackFile first = first();
        List<ByteRange> dirty = new ArrayList<>();
        dirty.add(erase(8));
        dirty.add(write(30, CHUNK - 3, 6));
        dirty.add(write(2, 100, 1));
        dirty.add(new ByteRange(content.length - 1, Long.MAX_VALUE));
        Packs.Written written = Packs.byDirtyRanges(disk(), first.disk(), dirty);
        PackFile second = store.keep(written.pack());
        assertThat(written.result().bytesRead()).isEqualTo(4L * CHUNK + 100);
        assertSame(second, disk());
        assertThat(locations(second))
                .isEqualTo(locations(
                        store.keep(Packs.byContent(disk(), first.disk()).pack())));
    }

    @Test
    void cleanChunksAreTakenUnseen() {
        PackFile first = first();
        MemoryBlockSource before = disk();
        write(2, 0, CHUNK);
        PackFile second =
                store.keep(Packs.byDirtyRanges(disk(), first.disk(), List.of()).pack());
        assertSame(second, before);
        assertThat(own(second)).isZero();
    }

    @Test
    void contentDigestComesFromTheIndex() {
        MemoryBlockSource disk = disk();
        PackFile first = store.keep(Packs.full(disk, PackOptions.ofDefaults()));
        assertThat(first.disk().contentDigest()).contains(DiskAssert.contentDigest(disk));
        ByteRange dirty = write(3, 0, 9);
        Packs.Written written = Packs.byDirtyRanges(disk(), first.disk(), List.of(dirty));
        assertThat(written.result().content()).contains(DiskAssert.contentDigest(disk()));
        assertThat(Packs.open(Packs.full(disk, Packs.SMALL)).disk().contentDigest())
                .isEmpty();
    }

    @Test
    void theDiskMayGrowAndShrink() {
        PackFile first = first();
        for (int length : new int[] {content.length - 50, CHUNKS * CHUNK, 3 * CHUNK + 1, 0}) {
            assertSame(store.keep(Packs.byContent(disk(length), first.disk()).pack()), disk(length));
            assertSame(
                    store.keep(Packs.byDirtyRanges(disk(length), first.disk(), List.of())
                            .pack()),
                    disk(length));
        }
        MemoryBlockSource larger = MemoryBlockSource.builder(content.length + 3L * CHUNK)
                .data(0, content)
                .data(content.length + CHUNK, new byte[] {1, 2, 3})
                .build();
        assertSame(store.keep(Packs.byContent(larger, first.disk()).pack()), larger);
        assertSame(
                store.keep(Packs.byDirtyRanges(larger, first.disk(), List.of()).pack()), larger);
    }

    @Test
    void aBaseWithoutDigestsCannotBeComparedButTakenOver() {
        PackFile first = store.keep(Packs.full(disk(), Packs.SMALL.withDigest(ChunkDigest.NONE)));
        assertThatThrownBy(() -> Packs.byContent(disk(), first.disk()))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID));
        ByteRange dirty = write(5, 0, 3);
        assertSame(
                store.keep(Packs.byDirtyRanges(disk(), first.disk(), List.of(dirty))
                        .pack()),
                disk());
    }

    @Test
    void everyDigestAlgorithmWorks() {
        for (ChunkDigest digest : ChunkDigest.values()) {
            byte[] pack = Packs.full(disk(), Packs.SMALL.withDigest(digest));
            assertThat(Packs.verify(pack).clean()).isTrue();
        }
    }

    @Test
    void manifestsOfSeveralDisksNameThePacksThatTheyNeed() {
        PackFile root = first();
        MemoryBlockSource rootBefore = disk();
        write(3, 0, 10);
        PackFile rootNow = store.keep(Packs.byContent(disk(), root.disk()).pack());
        MemoryBlockSource dataDisk = MemoryBlockSource.builder(5L << 20)
                .data(70_000, new byte[] {9, 9})
                .build();
        PackFile data = store.keep(Packs.full(dataDisk, PackOptions.ofDefaults()));

        PackManifest old = manifest("snap-1", Map.of("vda", root.disk()));
        PackManifest now =
                manifest("snap-2", new java.util.TreeMap<>(Map.of("vda", rootNow.disk(), "vdb", data.disk())));
        assertThat(now.subject()).isEqualTo("snap-2");
        assertThat(now.disks()).extracting(IndexedDisk::name).containsExactly("vda", "vdb");
        assertThat(PackManifest.neededBy(List.of(old))).containsExactly(root.id());
        assertThat(PackManifest.neededBy(List.of(now))).containsExactlyInAnyOrder(root.id(), rootNow.id(), data.id());
        assertSame(old.disk("vda"), rootBefore);
        assertSame(now.disk("vda"), disk());
        assertSame(now.disk("vdb"), dataDisk);
        assertThat(now.disk("vda").contentDigest()).isEqualTo(rootNow.disk().contentDigest());
        assertThatThrownBy(() -> now.disk("vdc")).hasMessageContaining("vdb");

        // A manifest is as good a base as a pack.
        write(11, 0, 10);
        PackFile next = store.keep(Packs.byContent(disk(), now.disk("vda")).pack());
        assertThat(own(next)).isEqualTo(1);
        assertSame(next, disk());
    }

    /** Removing a snapshot removes the packs that nobody else needs, and all others stay readable. */
    @Test
    void removingAnyGenerationBreaksNoOther() {
        List<PackManifest> manifests = new ArrayList<>();
        List<MemoryBlockSource> disks = new ArrayList<>();
        PackFile last = first();
        manifests.add(manifest("0", Map.of("vda", last.disk())));
        disks.add(disk());
        for (int generation = 1; generation < 4; generation++) {
            for (int chunk = 0; chunk <= CHUNKS - 1; chunk++) {
                if (generation == 3 || random.nextInt(4) == 0) {
                    write(chunk, 0, 50);
                }
            }
            write(CHUNKS, generation, 1);
            last = store.keep(Packs.byContent(disk(), last.disk()).pack());
            manifests.add(manifest("" + generation, Map.of("vda", last.disk())));
            disks.add(disk());
        }
        // The last one was written from end to end: it needs none of the others.
        assertThat(PackManifest.neededBy(manifests.subList(3, 4))).containsExactly(last.id());
        while (!manifests.isEmpty()) {
            int gone = random.nextInt(manifests.size());
            manifests.remove(gone);
            disks.remove(gone);
            var needed = PackManifest.neededBy(manifests);
            List.copyOf(store.all().keySet()).stream()
                    .filter(id -> !needed.contains(id))
                    .forEach(store::remove);
            for (int i = 0; i < manifests.size(); i++) {
                assertSame(manifests.get(i).disk("vda"), disks.get(i));
            }
        }
        assertThat(store.all()).isEmpty();
    }

    @Test
    void aMissingOrExchangedPackIsNamed() {
        PackFile first = first();
        write(0, 0, 1);
        byte[] incremental = Packs.byContent(disk(), first.disk()).pack();
        byte[] other = Packs.full(disk(), Packs.SMALL);
        assertThatThrownBy(() -> Packs.openDisk(incremental))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNSUPPORTED))
                .hasMessageContaining(first.id().hex());
        assertThatThrownBy(() -> Packs.openDisk(incremental, other))
                .hasMessageContaining(first.id().hex());
        store.replace(first.id(), other);
        try (BlockSource opened = PackedDisk.open(Packs.open(incremental).disk(), store)) {
            assertThatThrownBy(() -> opened.read(2L * CHUNK, java.nio.ByteBuffer.allocate(10)))
                    .isInstanceOfSatisfying(
                            SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT))
                    .hasMessageContaining(first.id().hex().substring(0, 16));
        }
        store.remove(first.id());
        assertThat(Packs.verify(incremental, Optional.of(store), new VerifyScope.Everything())
                        .findings())
                .isNotEmpty()
                .allSatisfy(finding -> assertThat(finding.kind()).isEqualTo(VerifyFinding.Kind.PACK));
        assertThat(Packs.verify(incremental)).satisfies(report -> {
            assertThat(report.clean()).isTrue();
            assertThat(report.chunksChecked()).isEqualTo(1);
            assertThat(report.chunksElsewhere()).isEqualTo(report.chunksStored() - 1);
        });
    }

    @Test
    void aDamagedFrameInAnOlderPackIsReportedWithPackAndRange() {
        PackFile first = first();
        write(0, 0, 1);
        byte[] incremental = Packs.byContent(disk(), first.disk()).pack();
        PackedChunk.Stored hit = (PackedChunk.Stored)
                first.disk().chunks(ByteRange.ofLength(2L * CHUNK, 1)).next();
        byte[] damaged = store.all().get(first.id()).clone();
        damaged[(int) hit.offset() + 100] ^= 1;
        store.replace(first.id(), damaged);
        ByteRange range = ByteRange.ofLength(hit.offset(), hit.storedLength());
        try (BlockSource opened = PackedDisk.open(Packs.open(incremental).disk(), store)) {
            assertThatThrownBy(() -> opened.read(2L * CHUNK, java.nio.ByteBuffer.allocate(CHUNK)))
                    .hasMessageContaining(range.toString())
                    .hasMessageContaining(damaged.length + " bytes in memory");
        }
        assertThat(Packs.verify(incremental, Optional.of(store), new VerifyScope.Everything())
                        .findings())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.kind()).isEqualTo(VerifyFinding.Kind.FRAME);
                    assertThat(finding.range()).isEqualTo(range);
                });
    }

    private static PackManifest manifest(String subject, Map<String, IndexedDisk> disks) {
        byte[] bytes = Packs.manifest(subject, disks);
        assertThat(Packs.verify(bytes).clean()).isTrue();
        return PackManifest.open(new CountingByteSource(bytes));
    }

    private void assertSame(PackFile file, BlockSource expected) {
        assertSame(file.disk(), expected);
    }

    private void assertSame(IndexedDisk disk, BlockSource expected) {
        try (BlockSource opened = PackedDisk.open(disk, store)) {
            DiskAssert.assertSameDisk(opened, expected, 77);
        }
    }

    private static long own(PackFile pack) {
        return locations(pack).stream()
                .filter(at -> at.startsWith(pack.id().hex()))
                .count();
    }

    /** Pack and digest of every stored chunk. */
    private static List<String> locations(PackFile pack) {
        List<String> found = new ArrayList<>();
        pack.disk().chunks(new ByteRange(0, pack.disk().size())).forEachRemaining(chunk -> {
            if (chunk instanceof PackedChunk.Stored stored) {
                found.add(stored.pack().id().hex() + " " + stored.offset() + " " + stored.digest());
            }
        });
        return found;
    }
}
