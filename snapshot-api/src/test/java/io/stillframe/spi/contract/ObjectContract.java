package io.stillframe.spi.contract;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.PublishOutcome.AlreadyExists;
import io.stillframe.spi.PublishOutcome.Published;
import io.stillframe.spi.StoreCapability;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Small objects and their reading. */
abstract class ObjectContract extends ObjectStoreFixture {
    /** Keys that file systems, URLs or signatures trip over. */
    private static final List<String> AWKWARD = List.of(
            "a",
            "a/b",
            "a.b",
            "a.b/c.d",
            "A",
            ".hidden",
            "..b",
            "dots../end.",
            "trailing.",
            "with space",
            " lead and trail ",
            "plus+percent%2fhash#question?amp&eq=",
            "%41",
            "%",
            "con",
            "com1.txt",
            "nul/aux",
            "x<y>z:\"w\"|v*",
            "tilde~semi;comma,at@quote'brace{}[]()!$^`",
            "ümläut/é",
            "e\u0301",
            "日本語/スナップ.qcow2",
            "emoji \uD83D\uDCBE",
            "\uFFFD\uE000",
            ".stillframe/uploads/x.json",
            "s".repeat(63),
            "s".repeat(64),
            "s".repeat(65) + "/" + "s".repeat(64) + "/" + "s".repeat(128),
            "A ".repeat(255) + "ä");

    // Small objects

    @Test
    void whatWasNeverPutIsNotThere() {
        assertThat(store.stat(key("no/such"))).isEmpty();
        failing(() -> store.open(key("no/such")), Kind.NOT_FOUND);
        assertThat(store.list("", Optional.empty(), 10)).isEqualTo(new Page<>(List.of(), Optional.empty()));
    }

    @Test
    void putStoresEverySize() {
        for (int size : new int[] {0, 1, 4095, 4096, 4097, 1 << 20}) {
            byte[] bytes = Bytes.random(size, size);
            ObjectStat stat = put("sizes/" + size, bytes);
            assertThat(stat.key()).isEqualTo(key("sizes/" + size));
            assertThat(stat.size()).isEqualTo(size);
            assertThat(content("sizes/" + size)).isEqualTo(bytes);
            assertThat(another().stat(stat.key())).hasValueSatisfying(found -> {
                assertThat(found.size()).isEqualTo(size);
                assertThat(found.version()).isEqualTo(stat.version());
            });
        }
    }

    @Test
    void putLeavesItsBufferAlone() {
        byte[] bytes = Bytes.random(1000, 1);
        for (ByteBuffer buffer : List.of(
                ByteBuffer.wrap(bytes),
                ByteBuffer.wrap(bytes).asReadOnlyBuffer(),
                ByteBuffer.allocateDirect(1000).put(bytes).flip())) {
            buffer.position(100).limit(900);
            store.put(key("k"), buffer, PublishMode.REPLACE, DEFAULTS);
            assertThat(buffer.position()).isEqualTo(100);
            assertThat(buffer.limit()).isEqualTo(900);
            assertThat(content("k")).isEqualTo(Arrays.copyOfRange(bytes, 100, 900));
        }
    }

    @Test
    void putOfMoreThanItsLimitIsRefused() {
        ByteBuffer large = ByteBuffer.allocate((64 << 20) + 1);
        failing(() -> store.put(key("k"), large, PublishMode.REPLACE, DEFAULTS), Kind.INVALID);
        assertThat(store.stat(key("k"))).isEmpty();
    }

    @Test
    void replaceReplacesAndChangesTheVersion() {
        ObjectStat first = put("k", Bytes.random(500, 1));
        ObjectStat second = put("k", Bytes.random(500, 2));
        ObjectStat third = put("k", new byte[0]);
        assertThat(List.of(first.version(), second.version(), third.version())).doesNotHaveDuplicates();
        assertThat(content("k")).isEmpty();
    }

    @Test
    void createIfAbsentLeavesWhatIsThere() {
        byte[] bytes = Bytes.random(100, 1);
        PublishOutcome created = store.put(key("k"), ByteBuffer.wrap(bytes), PublishMode.CREATE_IF_ABSENT, DEFAULTS);
        assertThat(created).isInstanceOf(Published.class);
        PublishOutcome again = store.put(key("k"), ByteBuffer.allocate(7), PublishMode.CREATE_IF_ABSENT, DEFAULTS);
        assertThat(again).isInstanceOfSatisfying(AlreadyExists.class, outcome -> {
            assertThat(outcome.existing().key()).isEqualTo(key("k"));
            assertThat(outcome.existing().size()).isEqualTo(100);
            assertThat(outcome.existing().version())
                    .isEqualTo(((Published) created).stat().version());
        });
        assertThat(content("k")).isEqualTo(bytes);
    }

    @Test
    void concurrentCreateIfAbsentHasOneWinner() {
        require(StoreCapability.CREATE_IF_ABSENT);
        requireOneWinner(
                100,
                (to, name, content) ->
                        to.put(key(name), ByteBuffer.wrap(content), PublishMode.CREATE_IF_ABSENT, DEFAULTS));
    }

    @Test
    void concurrentCompleteIfAbsentHasOneWinner() {
        require(StoreCapability.CREATE_IF_ABSENT_ON_COMPLETE);
        PartLayout layout = PartLayout.fixed(partSize());
        requireOneWinner(
                partSize(), (to, name, content) -> upload(to, name, layout, content, PublishMode.CREATE_IF_ABSENT));
    }

    @FunctionalInterface
    private interface Creation {
        PublishOutcome create(ObjectStore to, String name, byte[] content);
    }

    /** A size of its own for each writer, so that the winner is known by it. */
    private static byte[] contentOf(int size, int writer) {
        return Bytes.random(size + writer, writer);
    }

    private void requireOneWinner(int size, Creation creation) {
        for (int round = 0; round < races(); round++) {
            String name = "race/" + round;
            List<PublishOutcome> outcomes = Crowd.together(6, i -> creation.create(open(), name, contentOf(size, i)));
            List<Integer> winners = new ArrayList<>();
            for (int i = 0; i < outcomes.size(); i++) {
                if (outcomes.get(i) instanceof Published) {
                    winners.add(i);
                }
            }
            assertThat(winners).as("winners of round %s", round).hasSize(1);
            assertThat(content(name)).isEqualTo(contentOf(size, winners.get(0)));
        }
    }

    @Test
    void awkwardKeysAreKeptApart() {
        List<String> awkward = AWKWARD.stream().filter(this::holds).toList();
        for (String key : awkward) {
            put(key, key.getBytes(StandardCharsets.UTF_8));
        }
        for (String key : awkward) {
            assertThat(content(key)).asString(StandardCharsets.UTF_8).isEqualTo(key);
        }
        assertThat(keys(walk("", 1000))).isEqualTo(sorted(awkward));
        store.delete(awkward.stream().map(ObjectStoreFixture::key).toList());
        assertThat(walk("", 1000)).isEmpty();
    }

    // Reading

    @Test
    void rangesAreReadExactly() {
        int part = partSize();
        byte[] bytes = Bytes.random(part * 3 + part / 2, 3);
        upload(store, "k", PartLayout.fixed(part), bytes, PublishMode.REPLACE);
        ByteSource source = store.open(key("k"));
        assertThat(source.size()).isEqualTo(bytes.length);
        assertThat(source.describe()).contains("k");
        int[][] ranges = {
            {0, 0},
            {0, 1},
            {0, bytes.length},
            {part - 1, 2},
            {part, part},
            {part - 1, part * 2 + 2},
            {bytes.length - 1, 1},
            {bytes.length, 0}
        };
        for (int[] range : ranges) {
            assertThat(Bytes.read(source, range[0], range[1]))
                    .isEqualTo(Arrays.copyOfRange(bytes, range[0], range[0] + range[1]));
        }
        source.close();
        source.close();
    }

    @Test
    void readingPastTheEndTransfersNothing() {
        put("k", Bytes.random(100, 1));
        ByteSource source = store.open(key("k"));
        long[][] ranges = {{0, 101}, {100, 1}, {-1, 1}, {99, 2}, {Long.MAX_VALUE, 1}, {Long.MAX_VALUE, 100}};
        for (long[] range : ranges) {
            ByteBuffer target = ByteBuffer.allocate((int) range[1]);
            failing(() -> source.read(range[0], target), Kind.INVALID);
            assertThat(target.position()).isZero();
            assertThat(target.array()).containsOnly(0);
        }
        source.close();
    }

    @Test
    void readingFillsTheBufferFromItsPositionToItsLimit() {
        byte[] bytes = Bytes.random(100, 1);
        put("k", bytes);
        ByteSource source = store.open(key("k"));
        ByteBuffer target = ByteBuffer.allocate(50).position(10).limit(30);
        source.read(40, target);
        assertThat(target.position()).isEqualTo(30);
        assertThat(Arrays.copyOfRange(target.array(), 10, 30)).isEqualTo(Arrays.copyOfRange(bytes, 40, 60));
        assertThat(Arrays.copyOfRange(target.array(), 30, 50)).containsOnly(0);
        source.close();
    }

    @Test
    void manyThreadsReadOneSource() {
        byte[] bytes = Bytes.random(256 << 10, 9);
        put("k", bytes);
        ByteSource source = store.open(key("k"));
        Crowd.together(4, i -> {
            Random random = new Random(i);
            for (int n = 0; n < 50; n++) {
                int start = random.nextInt(bytes.length);
                int length = random.nextInt(Math.min(9000, bytes.length - start) + 1);
                assertThat(Bytes.read(source, start, length))
                        .isEqualTo(Arrays.copyOfRange(bytes, start, start + length));
            }
            return i;
        });
        source.close();
    }

    @Test
    void anInterruptedReaderDoesNotBreakTheSource() {
        byte[] bytes = Bytes.random(5000, 9);
        put("k", bytes);
        ByteSource source = store.open(key("k"));
        Thread.currentThread().interrupt();
        try {
            Bytes.readAll(source);
        } catch (SnapshotException e) {
            assertThat(e.kind()).isIn(Kind.CANCELLED, Kind.TRANSIENT);
        }
        assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
        assertThat(Bytes.readAll(source)).isEqualTo(bytes);
        source.close();
    }

    @Test
    void aReplacedObjectIsNoticed() {
        put("k", Bytes.random(1000, 1));
        ByteSource source = store.open(key("k"));
        Bytes.read(source, 0, 10);
        put("k", Bytes.random(1000, 2));
        failing(() -> source.read(0, ByteBuffer.allocate(10)), Kind.CONFLICT);
        failing(() -> source.read(500, ByteBuffer.allocate(10)), Kind.CONFLICT);
        source.close();
    }

    @Test
    void aDeletedObjectIsNoticed() {
        put("k", Bytes.random(1000, 1));
        ByteSource source = store.open(key("k"));
        store.delete(List.of(key("k")));
        failing(() -> source.read(0, ByteBuffer.allocate(10)), Kind.CONFLICT, Kind.NOT_FOUND);
        source.close();
    }
}
