package io.stillframe.spi.contract;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadSession;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every {@link ObjectStore} promises. A subclass says how to open one. */
public abstract class ObjectStoreContract extends UploadContract {
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
        List<String> valid = names.stream()
                .filter(name -> !name.endsWith("/") && holds(name))
                .toList();
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
}
