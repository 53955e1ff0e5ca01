package io.stillframe.image.pack;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.MemoryBlockSource;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.contract.Bytes;
import io.stillframe.spi.contract.Crowd;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A disk that is closed while others read it, which its owner must not do: they get their bytes or are told, and nothing stays open. */
class ClosedDiskTest {
    private static final int SIZE = 40 * Packs.CHUNK;

    private final Packs store = new Packs();
    private final byte[] content = Bytes.random(SIZE, 7);
    private final IndexedDisk index = incremental();
    private final Queue<Watched> opened = new ConcurrentLinkedQueue<>();

    /** A pack of one chunk on top of one with the others. */
    private IndexedDisk incremental() {
        byte[] before = content.clone();
        before[0]++;
        PackFile base = store.keep(Packs.full(disk(before), Packs.SMALL));
        return store.keep(Packs.byContent(disk(content), base.disk()).pack()).disk();
    }

    private static MemoryBlockSource disk(byte[] content) {
        return MemoryBlockSource.builder(SIZE).data(0, content).build();
    }

    /** Tells whether it was used once it was closed, which for mapped or native bytes would be the end of the process. */
    private static final class Watched implements ByteSource {
        private final ByteSource bytes;
        private final AtomicInteger closes = new AtomicInteger();

        Watched(ByteSource bytes) {
            this.bytes = bytes;
        }

        @Override
        public long size() {
            return bytes.size();
        }

        @Override
        public void read(long position, ByteBuffer target) {
            if (closes.get() > 0) {
                throw SnapshotException.permanent("closed while it was read", null);
            }
            bytes.read(position, target);
        }

        @Override
        public String describe() {
            return bytes.describe();
        }

        @Override
        public void close() {
            closes.incrementAndGet();
        }
    }

    private ByteSource open(PackReference pack) {
        Watched source = new Watched(store.open(pack));
        opened.add(source);
        return source;
    }

    @Test
    void aPackThatIsJustBeingOpenedIsClosedToo() {
        // The common pool may have a single thread.
        Executor ownThreads = task -> new Thread(task).start();
        CountDownLatch opening = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        PackedDisk disk = PackedDisk.open(index, pack -> {
            opening.countDown();
            pass(goOn);
            return open(pack);
        });
        CompletableFuture<SnapshotException> reader =
                CompletableFuture.supplyAsync(() -> failing(() -> read(disk, SIZE / 2), Kind.INVALID), ownThreads);
        pass(opening);
        CompletableFuture<Void> closing = CompletableFuture.runAsync(disk::close, ownThreads);
        await().until(closing::isDone);
        goOn.countDown();
        assertThat(reader.orTimeout(20, TimeUnit.SECONDS).join()).hasMessageContaining("is closed");
        requireAllClosed(1);
    }

    @Test
    void aClosedDiskSaysSoAndOpensNothing() {
        PackedDisk disk = PackedDisk.open(index, this::open);
        read(disk, 0);
        read(disk, SIZE / 2);
        disk.close();
        for (int position : List.of(0, SIZE / 2, SIZE - 1)) {
            assertThat(failing(() -> read(disk, position), Kind.INVALID)).hasMessageContaining("is closed");
        }
        disk.close();
        requireAllClosed(1);
    }

    @Test
    void readersGetTheirBytesOrAreTold() {
        for (int round = 0; round < 40; round++) {
            opened.clear();
            PackedDisk disk = PackedDisk.open(index, this::open);
            AtomicInteger reads = new AtomicInteger();
            int until = 1 + round;
            Crowd.together(3, i -> {
                if (i == 0) {
                    await().until(() -> reads.get() >= until);
                    disk.close();
                } else {
                    readUntilTold(disk, new Random(31L * until + i), reads);
                }
                return i;
            });
            // One that was opened just behind the others' end was closed again.
            requireAllClosed(opened.size());
        }
    }

    private void readUntilTold(PackedDisk disk, Random random, AtomicInteger reads) {
        boolean told = false;
        while (!told) {
            int position = random.nextInt(SIZE - 1);
            try {
                byte[] found = read(disk, position);
                assertThat(found).isEqualTo(Arrays.copyOfRange(content, position, position + length(position)));
            } catch (SnapshotException e) {
                assertThat(e.kind()).as(e.getMessage()).isIn(Kind.INVALID, Kind.PERMANENT);
                assertThat(e).hasMessageContaining("closed");
                told = true;
            }
            reads.incrementAndGet();
        }
    }

    private byte[] read(PackedDisk disk, int position) {
        ByteBuffer target = ByteBuffer.allocate(length(position));
        disk.read(position, target);
        return target.array();
    }

    private static int length(int position) {
        return Math.min(Packs.CHUNK + 1, SIZE - position);
    }

    private void requireAllClosed(int count) {
        assertThat(opened)
                .hasSize(count)
                .allSatisfy(source -> assertThat(source.closes).hasValue(1));
    }

    private static void pass(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
