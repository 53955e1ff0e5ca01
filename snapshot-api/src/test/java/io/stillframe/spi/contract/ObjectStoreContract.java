package io.stillframe.spi.contract;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.PublishOutcome.AlreadyExists;
import io.stillframe.spi.PublishOutcome.Published;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link ObjectStore} promises. A subclass says how to open one. */
public abstract class ObjectStoreContract {
    private static final UploadOptions DEFAULTS = UploadOptions.ofDefaults();

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

    private final List<ObjectStore> opened = new ArrayList<>();
    private ObjectStore store;

    /**
     * Opens the store of this test, empty at the test's start: every call opens the same content, as another object where the
     * implementation has several.
     *
     * @return closed by this kit
     */
    protected abstract ObjectStore open();

    /** Bytes of the first part in tests of parted uploads; an endpoint's smallest part by default, at least 64. */
    protected int partSize() {
        return Math.max(64, store.capabilities().smallestPart());
    }

    /** Parts in the test of many parts; fewer where each one is costly. */
    protected int manyParts() {
        return 100;
    }

    @BeforeEach
    final void openOne() {
        store = another();
    }

    @AfterEach
    final void closeAll() {
        opened.forEach(ObjectStore::close);
        opened.forEach(ObjectStore::close);
    }

    private ObjectStore another() {
        ObjectStore one = open();
        opened.add(one);
        return one;
    }

    private static ObjectKey key(String value) {
        return ObjectKey.of(value);
    }

    private ObjectStat put(String key, byte[] bytes) {
        PublishOutcome outcome = store.put(key(key), ByteBuffer.wrap(bytes), PublishMode.REPLACE, DEFAULTS);
        return ((Published) outcome).stat();
    }

    private byte[] content(String key) {
        ByteSource source = another().open(key(key));
        try {
            return Bytes.readAll(source);
        } finally {
            source.close();
        }
    }

    private void require(StoreCapability feature) {
        assumeThat(store.capabilities().has(feature))
                .as("%s is declared", feature)
                .isTrue();
    }

    private static List<PartReceipt> sendAll(UploadSession session, PartLayout layout, byte[] bytes) {
        List<PartReceipt> receipts = new ArrayList<>();
        int at = 0;
        for (int number = 1; at < bytes.length; number++) {
            int length = (int) Math.min(layout.sizeOf(number), bytes.length - at);
            receipts.add(session.putPart(number, ByteBuffer.wrap(bytes, at, length)));
            at += length;
        }
        return receipts;
    }

    private PublishOutcome upload(ObjectStore to, String key, PartLayout layout, byte[] bytes, PublishMode mode) {
        try (UploadSession session = to.beginUpload(key(key), layout, DEFAULTS)) {
            return session.complete(sendAll(session, layout, bytes), mode);
        }
    }

    // Capabilities and limits

    @Test
    void limitsMakeSense() {
        var limits = store.capabilities();
        assertThat(limits.smallestPart()).isPositive();
        assertThat(limits.largestPart()).isGreaterThanOrEqualTo(limits.smallestPart());
        assertThat(limits.mostParts()).isPositive();
        assertThat(limits.largestObject()).isPositive();
        assertThat(another().capabilities()).isEqualTo(limits);
        assertThat(store.uri()).isNotBlank().isEqualTo(another().uri());
    }

    @Test
    void aLayoutOutsideTheLimitsIsRefused() {
        int smallest = store.capabilities().smallestPart();
        if (smallest > 1) {
            failing(() -> store.beginUpload(key("k"), PartLayout.fixed(smallest - 1), DEFAULTS), Kind.INVALID);
        }
        long largest = store.capabilities().largestPart();
        if (largest < 1 << 30) {
            failing(() -> store.beginUpload(key("k"), PartLayout.fixed((int) largest + 1), DEFAULTS), Kind.INVALID);
        }
        assertThat(store.stat(key("k"))).isEmpty();
    }

    @Test
    void whatIsNotDeclaredIsRefused() {
        try (UploadSession session = store.beginUpload(key("k"), PartLayout.fixed(partSize()), DEFAULTS)) {
            if (!store.capabilities().has(StoreCapability.LIST_UPLOADS)) {
                failing(() -> store.listUploads("", Optional.empty(), 10), Kind.UNSUPPORTED);
            }
            if (!store.capabilities().has(StoreCapability.RESUME)) {
                failing(() -> store.resumeUpload(session.token()), Kind.UNSUPPORTED);
            }
        }
    }

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
        requireOneWinner((to, name, i) ->
                to.put(key(name), ByteBuffer.wrap(contentOf(i)), PublishMode.CREATE_IF_ABSENT, DEFAULTS));
    }

    @Test
    void concurrentCompleteIfAbsentHasOneWinner() {
        require(StoreCapability.CREATE_IF_ABSENT_ON_COMPLETE);
        PartLayout layout = PartLayout.fixed(partSize());
        requireOneWinner((to, name, i) -> upload(to, name, layout, contentOf(i), PublishMode.CREATE_IF_ABSENT));
    }

    @FunctionalInterface
    private interface Creation {
        PublishOutcome create(ObjectStore to, String name, int writer);
    }

    /** A size of its own for each writer, so that the winner is known by it. */
    private byte[] contentOf(int writer) {
        return Bytes.random(partSize() + writer, writer);
    }

    private void requireOneWinner(Creation creation) {
        for (int round = 0; round < 10; round++) {
            String name = "race/" + round;
            List<PublishOutcome> outcomes = Crowd.together(6, i -> creation.create(open(), name, i));
            List<Integer> winners = new ArrayList<>();
            for (int i = 0; i < outcomes.size(); i++) {
                if (outcomes.get(i) instanceof Published) {
                    winners.add(i);
                }
            }
            assertThat(winners).as("winners of round %s", round).hasSize(1);
            assertThat(content(name)).isEqualTo(contentOf(winners.get(0)));
        }
    }

    @Test
    void awkwardKeysAreKeptApart() {
        for (String key : AWKWARD) {
            put(key, key.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        for (String key : AWKWARD) {
            assertThat(content(key))
                    .asString(java.nio.charset.StandardCharsets.UTF_8)
                    .isEqualTo(key);
        }
        assertThat(keys(walk("", 1000))).isEqualTo(sorted(AWKWARD));
        store.delete(AWKWARD.stream().map(ObjectStoreContract::key).toList());
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

    // Parted uploads

    @Test
    void everySizeAroundPartBordersIsStored() {
        int part = partSize();
        PartLayout layout = PartLayout.fixed(part);
        for (int size : new int[] {0, 1, part - 1, part, part + 1, 2 * part - 1, 2 * part, 2 * part + 1}) {
            byte[] bytes = Bytes.random(size, size);
            PublishOutcome outcome = upload(store, "k/" + size, layout, bytes, PublishMode.REPLACE);
            assertThat(outcome).isInstanceOfSatisfying(Published.class, published -> {
                assertThat(published.stat().size()).isEqualTo(size);
                assertThat(Optional.of(published.stat().version()))
                        .isEqualTo(store.stat(key("k/" + size)).map(ObjectStat::version));
            });
            assertThat(content("k/" + size)).isEqualTo(bytes);
        }
    }

    @Test
    void growingPartsAreStored() {
        PartLayout layout = new PartLayout(partSize(), 2);
        byte[] bytes = Bytes.random(partSize() * 13 + 7, 4);
        upload(store, "k", layout, bytes, PublishMode.REPLACE);
        assertThat(content("k")).isEqualTo(bytes);
    }

    @Test
    void manyPartsInAnyOrderAndRepeatedAreStored() {
        long seed = System.nanoTime();
        PartLayout layout = PartLayout.fixed(partSize());
        int count = manyParts();
        byte[] bytes = Bytes.random(partSize() * (count - 1) + 1, seed);
        List<Integer> order = new ArrayList<>();
        for (int number = 1; number <= count; number++) {
            order.add(number);
        }
        Collections.shuffle(order, new Random(seed));
        try (UploadSession session = store.beginUpload(key("k"), layout, DEFAULTS)) {
            PartReceipt[] receipts = new PartReceipt[count];
            for (int number : order) {
                if (number % 10 == 0) {
                    // Sent with other bytes first, and then again: the last one counts.
                    session.putPart(number, ByteBuffer.wrap(Bytes.random(partSize(), ~seed)));
                }
                receipts[number - 1] = session.putPart(number, part(bytes, layout, number));
            }
            assertThat(session.arrived()).containsExactly(receipts);
            assertThat(store.stat(key("k")))
                    .as("nothing is visible before completion")
                    .isEmpty();
            session.complete(List.of(receipts), PublishMode.REPLACE);
        }
        assertThat(content("k")).as("seed %s", seed).isEqualTo(bytes);
    }

    private static ByteBuffer part(byte[] bytes, PartLayout layout, int number) {
        int offset = Math.toIntExact(layout.offsetOf(number));
        return ByteBuffer.wrap(bytes, offset, (int) Math.min(layout.sizeOf(number), bytes.length - offset));
    }

    @Test
    void partsAreSentInParallel() {
        PartLayout layout = PartLayout.fixed(partSize());
        byte[] bytes = Bytes.random(partSize() * 16, 8);
        try (UploadSession session = store.beginUpload(key("k"), layout, DEFAULTS)) {
            IntFunction<List<PartReceipt>> sender = i -> {
                List<PartReceipt> mine = new ArrayList<>();
                for (int number = i + 1; number <= 16; number += 4) {
                    mine.add(session.putPart(number, part(bytes, layout, number)));
                }
                return mine;
            };
            List<PartReceipt> receipts = Crowd.together(4, sender).stream()
                    .flatMap(List::stream)
                    .sorted(java.util.Comparator.comparingInt(PartReceipt::number))
                    .toList();
            assertThat(session.arrived()).isEqualTo(receipts);
            session.complete(receipts, PublishMode.REPLACE);
        }
        assertThat(content("k")).isEqualTo(bytes);
    }

    @Test
    void putPartLeavesItsBufferAlone() {
        byte[] bytes = Bytes.random(partSize() + 200, 1);
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        direct.position(100).limit(100 + partSize());
        try (UploadSession session = store.beginUpload(key("k"), PartLayout.fixed(partSize()), DEFAULTS)) {
            PartReceipt receipt = session.putPart(1, direct);
            assertThat(receipt.number()).isEqualTo(1);
            assertThat(receipt.size()).isEqualTo(partSize());
            assertThat(direct.position()).isEqualTo(100);
            assertThat(direct.limit()).isEqualTo(100 + partSize());
            session.complete(List.of(session.putPart(1, direct.asReadOnlyBuffer())), PublishMode.REPLACE);
        }
        assertThat(content("k")).isEqualTo(Arrays.copyOfRange(bytes, 100, 100 + partSize()));
    }

    @Test
    void partsThatDoNotFitTheLayoutAreRefused() {
        try (UploadSession session = store.beginUpload(key("k"), PartLayout.fixed(partSize()), DEFAULTS)) {
            ByteBuffer tooLarge = ByteBuffer.allocate(partSize() + 1);
            failing(() -> session.putPart(1, tooLarge), Kind.INVALID);
            failing(() -> session.putPart(0, ByteBuffer.allocate(1)), Kind.INVALID);
            failing(() -> session.putPart(-1, ByteBuffer.allocate(1)), Kind.INVALID);
            failing(() -> session.putPart(1, ByteBuffer.allocate(0)), Kind.INVALID);
            int beyond = store.capabilities().mostParts();
            if (beyond < Integer.MAX_VALUE) {
                failing(() -> session.putPart(beyond + 1, ByteBuffer.allocate(1)), Kind.INVALID);
            }
            assertThat(session.arrived()).isEmpty();
        }
    }

    @Test
    void anUploadIsCompletedOfItsPartsOnly() {
        PartLayout layout = PartLayout.fixed(partSize());
        byte[] bytes = Bytes.random(partSize() * 3, 1);
        try (UploadSession session = store.beginUpload(key("k"), layout, DEFAULTS)) {
            List<PartReceipt> parts = sendAll(session, layout, bytes);
            List<PartReceipt> swapped = List.of(parts.get(1), parts.get(0), parts.get(2));
            failing(() -> session.complete(swapped, PublishMode.REPLACE), Kind.INVALID);
            failing(() -> session.complete(parts.subList(1, 3), PublishMode.REPLACE), Kind.INVALID);
            failing(() -> session.complete(List.of(parts.get(0), parts.get(2)), PublishMode.REPLACE), Kind.INVALID);
            assertThat(store.stat(key("k"))).isEmpty();

            PartReceipt shorter = session.putPart(2, ByteBuffer.allocate(1));
            List<PartReceipt> shortInside = List.of(parts.get(0), shorter, parts.get(2));
            failing(() -> session.complete(shortInside, PublishMode.REPLACE), Kind.INVALID);
            session.complete(List.of(parts.get(0), shorter), PublishMode.REPLACE);
        }
        byte[] expected = Arrays.copyOf(bytes, partSize() + 1);
        expected[partSize()] = 0;
        assertThat(content("k")).isEqualTo(expected);
    }

    @Test
    void completionOnlyCreatesIfAskedTo() {
        byte[] first = Bytes.random(100, 1);
        put("k", first);
        PartLayout layout = PartLayout.fixed(partSize());
        byte[] second = Bytes.random(partSize() + 5, 2);
        PublishOutcome outcome = upload(store, "k", layout, second, PublishMode.CREATE_IF_ABSENT);
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        AlreadyExists.class,
                        found -> assertThat(found.existing().size()).isEqualTo(100));
        assertThat(content("k")).isEqualTo(first);
        upload(store, "k", layout, second, PublishMode.REPLACE);
        assertThat(content("k")).isEqualTo(second);
    }

    @Test
    void closingAnUnfinishedUploadAbortsIt() {
        UploadSession session = store.beginUpload(key("k"), PartLayout.fixed(partSize()), DEFAULTS);
        PartReceipt part = session.putPart(1, ByteBuffer.allocate(partSize()));
        session.close();
        session.close();
        assertThat(store.stat(key("k"))).isEmpty();
        failing(() -> session.complete(List.of(part), PublishMode.REPLACE), Kind.NOT_FOUND);
        failing(() -> session.putPart(2, ByteBuffer.allocate(1)), Kind.NOT_FOUND);
        if (store.capabilities().has(StoreCapability.RESUME)) {
            failing(() -> another().resumeUpload(session.token()), Kind.NOT_FOUND);
        }
        requireNoUploads();
    }

    @Test
    void aCompletedUploadIsOver() {
        PartLayout layout = PartLayout.fixed(partSize());
        UploadSession session = store.beginUpload(key("k"), layout, DEFAULTS);
        byte[] bytes = Bytes.random(partSize(), 1);
        session.complete(sendAll(session, layout, bytes), PublishMode.REPLACE);
        failing(() -> session.putPart(1, ByteBuffer.allocate(partSize())), Kind.NOT_FOUND);
        session.close();
        if (store.capabilities().has(StoreCapability.RESUME)) {
            failing(() -> another().resumeUpload(session.token()), Kind.NOT_FOUND);
        }
        requireNoUploads();
        assertThat(content("k")).isEqualTo(bytes);
    }

    private void requireNoUploads() {
        if (store.capabilities().has(StoreCapability.LIST_UPLOADS)) {
            assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
        }
    }

    @Test
    void aDetachedUploadIsResumedElsewhere() {
        require(StoreCapability.RESUME);
        PartLayout layout = new PartLayout(partSize(), 2);
        byte[] bytes = Bytes.random(partSize() * 5 + 3, 5);
        UploadSession begun = store.beginUpload(key("k"), layout, DEFAULTS);
        List<PartReceipt> sent =
                List.of(begun.putPart(1, part(bytes, layout, 1)), begun.putPart(3, part(bytes, layout, 3)));
        UploadToken token = begun.token();
        assertThat(token.key()).isEqualTo(key("k"));
        assertThat(token.layout()).isEqualTo(layout);
        assertThat(token.state()).hasSizeLessThanOrEqualTo(4096);
        begun.detach();
        begun.close();
        assertThat(store.stat(key("k"))).isEmpty();

        UploadToken copied = new UploadToken(
                key(token.key().value()), new PartLayout(layout.firstSize(), layout.step()), token.state());
        try (UploadSession resumed = another().resumeUpload(copied)) {
            assertThat(resumed.token()).isEqualTo(token);
            assertThat(resumed.arrived()).isEqualTo(sent);
            PartReceipt second = resumed.putPart(2, part(bytes, layout, 2));
            PartReceipt fourth = resumed.putPart(4, part(bytes, layout, 4));
            List<PartReceipt> all = List.of(sent.get(0), second, sent.get(1), fourth);
            assertThat(resumed.arrived()).isEqualTo(all);
            resumed.complete(all, PublishMode.CREATE_IF_ABSENT);
        }
        assertThat(content("k")).isEqualTo(bytes);
        failing(() -> store.resumeUpload(token), Kind.NOT_FOUND);
    }

    @Test
    void aResumedUploadIsAbortedLikeAnyOther() {
        require(StoreCapability.RESUME);
        UploadSession begun = store.beginUpload(key("k"), PartLayout.fixed(partSize()), DEFAULTS);
        begun.putPart(1, ByteBuffer.allocate(partSize()));
        begun.detach();
        begun.close();
        another().resumeUpload(begun.token()).close();
        failing(() -> store.resumeUpload(begun.token()), Kind.NOT_FOUND);
        requireNoUploads();
    }

    @Test
    void aTokenOfAnotherUploadResumesNothing() {
        require(StoreCapability.RESUME);
        UploadSession begun = store.beginUpload(key("k"), PartLayout.fixed(partSize()), DEFAULTS);
        begun.detach();
        begun.close();
        UploadToken token = begun.token();
        for (String state : List.of("", "x", "../../etc/passwd", token.state() + "0", token.state() + "/.")) {
            UploadToken forged = new UploadToken(token.key(), token.layout(), state);
            failing(() -> store.resumeUpload(forged), Kind.NOT_FOUND, Kind.INVALID);
        }
        store.resumeUpload(token).close();
    }

    @Test
    void unfinishedUploadsAreListedInPages() {
        require(StoreCapability.LIST_UPLOADS);
        List<UploadToken> begun = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            UploadSession session = store.beginUpload(
                    key((i % 2 == 0 ? "even/ü " : "odd/") + i), PartLayout.fixed(partSize() + i), DEFAULTS);
            session.detach();
            session.close();
            begun.add(session.token());
        }
        for (int limit : new int[] {1, 2, 5, 1000}) {
            assertThat(unfinished(another(), "", limit)).containsExactlyInAnyOrderElementsOf(begun);
        }
        assertThat(unfinished(store, "even/", 2)).containsExactlyInAnyOrder(begun.get(0), begun.get(2), begun.get(4));
        assertThat(unfinished(store, "none", 2)).isEmpty();
        if (store.capabilities().has(StoreCapability.RESUME)) {
            begun.forEach(token -> store.resumeUpload(token).close());
            assertThat(unfinished(store, "", 10)).isEmpty();
        }
    }

    private static List<UploadToken> unfinished(ObjectStore in, String prefix, int limit) {
        List<UploadToken> found = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            Page<UnfinishedUpload> page = in.listUploads(prefix, after, limit);
            assertThat(page.items()).hasSizeLessThanOrEqualTo(limit);
            page.items().forEach(upload -> found.add(upload.token()));
            after = page.next();
        } while (after.isPresent());
        return found;
    }

    // Listing and deleting

    @Test
    void listsInByteOrderInPages() {
        List<String> names = List.of(
                "a",
                "a!",
                "a-",
                "a.",
                "a/",
                "a/b",
                "a/b/c",
                "a0",
                "ab",
                "a/b-c",
                "A",
                "Z",
                "_",
                "z",
                "é",
                "\uFFFDx",
                "\uD83D\uDCBE",
                "~",
                "snapshots/s1/vda.qcow2",
                "snapshots/s1/manifest.json",
                "snapshots/s10/x",
                "snapshots/s1",
                "p".repeat(64) + "!",
                "p".repeat(64) + "/k",
                "p".repeat(64) + "zz",
                "p".repeat(64),
                "p".repeat(160),
                "p".repeat(155) + "!",
                "p".repeat(300));
        List<String> valid = names.stream().filter(name -> !name.endsWith("/")).toList();
        valid.forEach(name -> put(name, new byte[] {1}));
        for (int limit : new int[] {1, 2, 3, 7, valid.size() - 1, valid.size(), 1000}) {
            assertThat(keys(walk("", limit))).isEqualTo(sorted(valid));
        }
        for (String prefix :
                List.of("a", "a/", "a/b", "snapshots/s1", "snapshots/s1/", "p", "p".repeat(65), "é", "no")) {
            List<String> expected = sorted(
                    valid.stream().filter(name -> name.startsWith(prefix)).toList());
            assertThat(keys(walk(prefix, 2))).as("prefix %s", prefix).isEqualTo(expected);
        }
    }

    @Test
    void listedObjectsAreWhatStatSays() {
        put("x/1", Bytes.random(10, 1));
        put("x/2", Bytes.random(20, 2));
        for (ObjectStat listed : walk("x/", 10)) {
            assertThat(store.stat(listed.key())).hasValueSatisfying(stat -> {
                assertThat(listed.size()).isEqualTo(stat.size());
                assertThat(listed.version()).isEqualTo(stat.version());
            });
        }
    }

    @Test
    void aListingSurvivesDeletionsBetweenItsPages() {
        for (int i = 0; i < 6; i++) {
            put("k" + i, new byte[0]);
        }
        Page<ObjectStat> first = store.list("k", Optional.empty(), 3);
        store.delete(List.of(key("k1"), key("k2"), key("k3")));
        List<String> rest = new ArrayList<>();
        Optional<String> after = first.next();
        while (after.isPresent()) {
            Page<ObjectStat> page = store.list("k", after, 3);
            rest.addAll(keys(page.items()));
            after = page.next();
        }
        assertThat(rest).containsExactly("k4", "k5");
    }

    @Test
    void unfinishedUploadsAreNotListedAsObjects() {
        put("k", new byte[1]);
        try (UploadSession session = store.beginUpload(key("l"), PartLayout.fixed(partSize()), DEFAULTS)) {
            session.putPart(1, ByteBuffer.allocate(partSize()));
            assertThat(keys(walk("", 10))).containsExactly("k");
        }
    }

    @Test
    void aPageHasOneToThousandItems() {
        failing(() -> store.list("", Optional.empty(), 0), Kind.INVALID);
        failing(() -> store.list("", Optional.empty(), 1001), Kind.INVALID);
    }

    @Test
    void deletesOneManyAndMissing() {
        List<ObjectKey> keys = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            put("d/" + i % 3 + "/" + i, new byte[i]);
            keys.add(key("d/" + i % 3 + "/" + i));
        }
        store.delete(List.of());
        store.delete(List.of(key("missing"), key("d"), key("d/0"), key("missing/too")));
        assertThat(walk("d/", 100)).hasSize(25);
        store.delete(List.of(keys.get(0)));
        store.delete(List.of(keys.get(0)));
        assertThat(store.stat(keys.get(0))).isEmpty();
        assertThat(walk("d/", 100)).hasSize(24);
        another().delete(keys);
        assertThat(walk("", 100)).isEmpty();
        put("d/0/0", new byte[1]);
        assertThat(keys(walk("", 100))).containsExactly("d/0/0");
    }

    private List<ObjectStat> walk(String prefix, int limit) {
        ObjectStore from = another();
        List<ObjectStat> found = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            Page<ObjectStat> page = from.list(prefix, after, limit);
            assertThat(page.items()).hasSizeLessThanOrEqualTo(limit);
            found.addAll(page.items());
            after = page.next();
        } while (after.isPresent());
        return found;
    }

    private static List<String> keys(List<ObjectStat> stats) {
        return stats.stream().map(stat -> stat.key().value()).toList();
    }

    private static List<String> sorted(List<String> keys) {
        return keys.stream()
                .map(ObjectStoreContract::key)
                .sorted()
                .map(ObjectKey::value)
                .toList();
    }
}
