package io.stillframe.spi.contract;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartDigests;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.PublishOutcome.AlreadyExists;
import io.stillframe.spi.PublishOutcome.Published;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** Parted uploads. */
abstract class UploadContract extends ObjectContract {
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
                    .sorted(Comparator.comparingInt(PartReceipt::number))
                    .toList();
            assertThat(session.arrived()).isEqualTo(receipts);
            session.complete(receipts, PublishMode.REPLACE);
        }
        assertThat(content("k")).isEqualTo(bytes);
    }

    @Test
    void aPartWhoseDigestsAreSharedIsStoredAsAnyOther() {
        byte[] bytes = Bytes.random(partSize(), 2);
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        try (UploadSession session = store.beginUpload(key("k"), PartLayout.fixed(partSize()), DEFAULTS)) {
            PartReceipt receipt = session.putPart(1, direct, PartDigests.of(direct));
            assertThat(direct.remaining()).isEqualTo(bytes.length);
            assertThat(receipt.number()).isEqualTo(1);
            assertThat(receipt.size()).isEqualTo(bytes.length);
            session.complete(List.of(receipt), PublishMode.REPLACE);
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
            List<PartReceipt> some = List.of(parts.get(0), shorter);
            if (!completesOfSomeParts()) {
                failing(() -> session.complete(some, PublishMode.REPLACE), Kind.UNSUPPORTED);
                return;
            }
            session.complete(some, PublishMode.REPLACE);
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
            for (PartReceipt arrived : sent) {
                ByteBuffer right = part(bytes, layout, arrived.number());
                byte[] wrong = new byte[right.remaining()];
                right.duplicate().get(wrong);
                wrong[wrong.length - 1]++;
                assertThat(resumed.holds(arrived, ByteBuffer.wrap(wrong))).isFalse();
                assertThat(resumed.holds(arrived, right)).isEqualTo(knowsPartsAgain());
                assertThat(right.remaining()).isEqualTo(wrong.length);
            }
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
            requireTokens(unfinished(another(), "", limit), begun);
        }
        requireTokens(unfinished(store, "even/", 2), List.of(begun.get(0), begun.get(2), begun.get(4)));
        assertThat(unfinished(store, "none", 2)).isEmpty();
        if (store.capabilities().has(StoreCapability.RESUME)) {
            unfinished(store, "", 10).forEach(token -> store.resumeUpload(token).close());
            assertThat(unfinished(store, "", 10)).isEmpty();
            begun.forEach(token -> failing(() -> store.resumeUpload(token), Kind.NOT_FOUND));
        }
    }

    private void requireTokens(List<UploadToken> found, List<UploadToken> begun) {
        if (listsWholeTokens()) {
            assertThat(found).containsExactlyInAnyOrderElementsOf(begun);
        } else {
            assertThat(found.stream().map(UploadToken::key))
                    .containsExactlyInAnyOrderElementsOf(
                            begun.stream().map(UploadToken::key).toList());
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
}
