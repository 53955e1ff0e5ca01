package io.stillframe.store;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.contract.Bytes;
import io.stillframe.spi.contract.Crowd;
import io.stillframe.store.FaultInjectingStore.Gate;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ReadAheadSourceTest {
    private static final int BLOCK = 64 << 10;
    private static final byte[] CONTENT = Bytes.random(20 * BLOCK + 123, 7);
    private static final ObjectKey KEY = ObjectKey.of("k");

    private final FaultInjectingStore store = FaultInjectingStore.around(MemoryObjectStore.create());
    private final ByteSource source = open();

    private ByteSource open() {
        store.put(KEY, ByteBuffer.wrap(CONTENT), PublishMode.REPLACE, UploadOptions.ofDefaults());
        return ReadAheadSource.around(store.open(KEY), BLOCK, 3);
    }

    @AfterEach
    void close() {
        source.close();
        Awaitility.await()
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().equals("stillframe-read-ahead")));
    }

    private void read(int from, int count) {
        assertThat(Bytes.read(source, from, count)).isEqualTo(Arrays.copyOfRange(CONTENT, from, from + count));
    }

    @Test
    void readsInOrderInFewRequestsOfWholeBlocks() {
        for (int at = 0; at < CONTENT.length; at += 1000) {
            read(at, Math.min(1000, CONTENT.length - at));
        }
        // The first small read, and each of 21 blocks once.
        assertThat(store.calls(Operation.READ)).isEqualTo(22);
    }

    @Test
    void asksForTheNextBlocksBeforeTheyAreNeeded() {
        read(0, 10);
        read(10, 10);
        Awaitility.await().until(() -> store.calls(Operation.READ) == 1 + 4);
        read(20, 3 * BLOCK);
        Awaitility.await().until(() -> store.calls(Operation.READ) == 1 + 7);
    }

    @Test
    void readsFarApartGoStraightThrough() {
        for (int at : new int[] {0, 10 * BLOCK, 5 * BLOCK, 15 * BLOCK}) {
            read(at, 100);
        }
        assertThat(store.calls(Operation.READ)).isEqualTo(4);
    }

    @Test
    void severalReadersSideBySideGetTheirBytes() {
        Crowd.together(4, reader -> {
            for (int at = reader * 5000; at < CONTENT.length; at += 20_000) {
                read(at, Math.min(5000, CONTENT.length - at));
            }
            return reader;
        });
    }

    @Test
    void aFaultIsTheReadersOwnAndPasses() {
        read(0, 10);
        store.failAlways(Operation.READ, Kind.TRANSIENT);
        ByteBuffer target = ByteBuffer.allocate(10);
        failing(() -> source.read(10, target), Kind.TRANSIENT);
        assertThat(target.position()).isZero();
        store.heal();
        read(10, 10);
    }

    @Test
    void aRangeBeyondTheEndIsRefused() {
        read(0, 10);
        failing(() -> source.read(10, ByteBuffer.allocate(CONTENT.length)), Kind.INVALID);
        failing(() -> ReadAheadSource.around(source, 100, 1), Kind.INVALID);
    }

    @Test
    void closeWaitsForWhatIsUnderWay() {
        read(0, 10);
        Gate gate = store.block(Operation.READ);
        Thread reader = new Thread(() -> {
            try {
                read(10, 10);
            } catch (RuntimeException e) {
                // ended by the close
            }
        });
        reader.start();
        gate.awaitArrival(Duration.ofSeconds(60));
        gate.open();
        source.close();
    }
}
