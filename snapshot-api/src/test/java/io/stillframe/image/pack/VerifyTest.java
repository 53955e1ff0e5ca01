package io.stillframe.image.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.StreamListener;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.contract.CountingByteSource;
import io.stillframe.spi.contract.SeededDisk;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** How much a verification reads, and what it says when reading fails. */
class VerifyTest {
    private static final byte[] PACK = Packs.full(SeededDisk.dense(200L * Packs.CHUNK, 8), Packs.SMALL);

    @Test
    void readsEveryByteOrASample() {
        VerifyReport all = Packs.verify(PACK);
        assertThat(all.clean()).isTrue();
        assertThat(all.seed()).isEmpty();
        assertThat(all.chunksChecked()).isEqualTo(all.chunksStored()).isGreaterThan(100);

        VerifyReport ten = Packs.verify(PACK, Optional.empty(), new VerifyScope.Chunks(10, 4));
        assertThat(ten.chunksChecked()).isEqualTo(10);
        assertThat(ten.seed()).hasValue(4);
        VerifyReport share = Packs.verify(PACK, Optional.empty(), new VerifyScope.Share(0.05, 4));
        assertThat(share.chunksChecked()).isEqualTo((long) Math.ceil(all.chunksStored() * 0.05));
        assertThat(Packs.verify(PACK, Optional.empty(), new VerifyScope.Chunks(1_000_000, 1))
                        .chunksChecked())
                .isEqualTo(all.chunksStored());
    }

    /** Every chunk has its chance: many seeds together find a fault anywhere, one seed always finds the same. */
    @Test
    void samplesAreDrawnEvenlyAndRepeatably() {
        byte[] damaged = PACK.clone();
        IndexedDisk disk = Packs.open(PACK).disk();
        PackedChunk.Stored hit = null;
        for (var chunks = disk.chunks(new ByteRange(0, disk.size())); chunks.hasNext(); ) {
            if (chunks.next() instanceof PackedChunk.Stored stored) {
                hit = stored;
            }
        }
        assertThat(hit).isNotNull();
        damaged[(int) hit.offset() + 5] ^= 4;
        TreeSet<Long> found = new TreeSet<>();
        for (long seed = 0; seed < 60; seed++) {
            VerifyReport report = Packs.verify(damaged, Optional.empty(), new VerifyScope.Share(0.2, seed));
            if (!report.clean()) {
                found.add(seed);
                assertThat(report.findings())
                        .singleElement()
                        .satisfies(finding -> assertThat(finding.kind()).isEqualTo(VerifyFinding.Kind.FRAME));
            }
        }
        assertThat(found.size()).isBetween(3, 30);
        assertThat(Packs.verify(damaged, Optional.empty(), new VerifyScope.Share(0.2, found.first()))
                        .clean())
                .isFalse();
    }

    @Test
    void aFaultOfTheStorageIsNoFinding() {
        SnapshotException fault = SnapshotException.transientFault("the line is down", null);
        ByteSource failing = new Failing(fault);
        assertThatThrownBy(() -> PackVerifier.verify(
                        failing,
                        Optional.empty(),
                        new VerifyScope.Everything(),
                        2,
                        new Cancellation(),
                        StreamListener.none()))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.TRANSIENT));
    }

    @Test
    void canBeCancelled() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel("enough");
        assertThatThrownBy(() -> PackVerifier.verify(
                        new CountingByteSource(PACK),
                        Optional.empty(),
                        new VerifyScope.Everything(),
                        2,
                        cancellation,
                        StreamListener.none()))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.CANCELLED));
    }

    /** Gives out the index, which is read into the heap, and no frame. */
    private record Failing(SnapshotException fault) implements ByteSource {
        @Override
        public long size() {
            return PACK.length;
        }

        @Override
        public void read(long position, ByteBuffer target) {
            if (target.isDirect()) {
                throw fault;
            }
            target.put(PACK, (int) position, target.remaining());
        }

        @Override
        public String describe() {
            return "a failing pack";
        }

        @Override
        public void close() {}
    }
}
