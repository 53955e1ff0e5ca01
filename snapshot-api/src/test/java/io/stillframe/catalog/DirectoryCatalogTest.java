package io.stillframe.catalog;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.internal.json.SealedJson;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.JournalEntry.Stage;
import io.stillframe.spi.Lease;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.Crowd;
import io.stillframe.spi.contract.Samples;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a directory catalog promises beyond the contract: its files, and what damage to them does. */
final class DirectoryCatalogTest {
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
    private static final Duration TTL = Duration.ofMinutes(5);

    @TempDir
    private Path temporary;

    private Path directory;
    private DirectoryCatalog catalog;
    private CatalogRecord record;
    private SnapshotId id;
    private Lease lease;

    @BeforeEach
    void createOneRecord() {
        directory = temporary.resolve("a/catalog");
        catalog = DirectoryCatalog.open(directory);
        record = CatalogRecord.first(Samples.full(NOW), Optional.of("instance/1"), Map.of("plan", "x"));
        id = record.snapshot().id();
        lease = catalog.create(record, "me", TTL);
    }

    @AfterEach
    void close() {
        catalog.close();
    }

    private Path recordFile() {
        return directory.resolve("records").resolve(id + ".json");
    }

    private Path journalFile() {
        return directory.resolve("journals").resolve(id + ".log");
    }

    @Test
    void opensByUri() {
        try (SnapshotCatalog byUri = Plugins.catalog(URI.create(catalog.uri()))) {
            assertThat(byUri.find(id)).contains(record);
            assertThat(byUri.uri()).isEqualTo(catalog.uri()).startsWith("file:///");
        }
        for (String wrong : List.of("file:relative", "file://host/dir", "file:///dir?x=1", "file:///dir#x")) {
            failing(() -> Plugins.catalog(URI.create(wrong)), Kind.INVALID);
        }
    }

    @Test
    void othersGetNoAccessToANewDirectory() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
    }

    @Test
    void aFileInTheWayIsPermanent() throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));
        failing(() -> DirectoryCatalog.open(file), Kind.PERMANENT);
    }

    @Test
    void aClosedCatalogSaysSo() {
        catalog.close();
        assertThat(failing(() -> catalog.find(id), Kind.PERMANENT)).hasMessageContaining("closed");
    }

    @Test
    void aNewerReleasesDirectoryIsRefused() throws IOException {
        Path marker = directory.resolve("catalog.json");
        String text = SealedJson.seal("{\"format\":\"stillframe-catalog\",\"version\":3}");
        Files.writeString(marker, text);
        failing(() -> DirectoryCatalog.open(directory), Kind.UNSUPPORTED);
    }

    @Test
    void everyChangedByteOfARecordIsNoticed() throws IOException {
        byte[] good = Files.readAllBytes(recordFile());
        // The last byte is the newline, which carries nothing.
        for (int i = 0; i < good.length - 1; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 0x10;
            Files.write(recordFile(), bad);
            assertThat(failing(() -> catalog.find(id), Kind.CORRUPT))
                    .hasMessageContaining(recordFile().toString());
        }
        for (int length = 0; length < good.length - 1; length += 7) {
            Files.write(recordFile(), Arrays.copyOf(good, length));
            failing(() -> catalog.find(id), Kind.CORRUPT);
        }
        Files.write(recordFile(), good);
        assertThat(catalog.find(id)).contains(record);
    }

    @Test
    void anUnreadableRecordStandsInNobodysWay() throws IOException {
        CatalogRecord other = CatalogRecord.first(Samples.requested(NOW.plusSeconds(1)), Optional.empty(), Map.of());
        Lease others = catalog.create(other, "me", TTL);
        Files.writeString(recordFile(), "{\"garbled\":");
        try (DirectoryCatalog fresh = DirectoryCatalog.open(directory)) {
            for (DirectoryCatalog each : List.of(catalog, fresh)) {
                assertThat(each.list(Optional.empty(), 10).items()).containsExactly(other);
                assertThat(each.unreadable()).containsOnlyKeys(id);
                assertThat(each.unreadable().get(id)).contains(recordFile().toString());
            }
        }
        catalog.update(other, others);
        failing(() -> catalog.update(record, lease), Kind.CORRUPT);

        CatalogRecord claiming = CatalogRecord.first(Samples.requested(NOW), Optional.of("instance/1"), Map.of());
        failing(() -> catalog.create(claiming, "me", TTL), Kind.CONFLICT);
        catalog.remove(id, lease);
        catalog.create(claiming, "me", TTL);
        assertThat(catalog.unreadable()).isEmpty();
    }

    @Test
    void aRecordUnderAnotherNameIsNoticed() throws IOException {
        SnapshotId other = SnapshotId.create(NOW);
        Files.copy(recordFile(), recordFile().resolveSibling(other + ".json"));
        failing(() -> catalog.find(other), Kind.CORRUPT);
    }

    @Test
    void whatACrashLeavesBehindTheLastLineOfAJournalIsCutOff() throws IOException {
        catalog.append(lease, id, "one", Stage.INTENT, "x");
        JournalEntry second = catalog.append(lease, id, "two", Stage.INTENT, "y".repeat(5000));
        byte[] good = Files.readAllBytes(journalFile());
        catalog.append(lease, id, "three", Stage.INTENT, "z");
        byte[] longer = Files.readAllBytes(journalFile());
        for (int length = good.length; length < longer.length; length++) {
            Files.write(journalFile(), Arrays.copyOf(longer, length));
            assertThat(catalog.journal(id)).hasSize(2).endsWith(second);
        }
        Files.write(journalFile(), Arrays.copyOf(good, good.length + 3000));
        assertThat(catalog.journal(id)).hasSize(2);
        byte[] unwritten = longer.clone();
        Arrays.fill(unwritten, good.length + 10, longer.length - 1, (byte) 0);
        Files.write(journalFile(), unwritten);
        assertThat(catalog.journal(id)).hasSize(2);
        JournalEntry third = catalog.append(lease, id, "again", Stage.INTENT, "");
        assertThat(third.sequence()).isEqualTo(3);
        assertThat(catalog.journal(id)).hasSize(3).endsWith(third);
        assertThat(Files.readString(journalFile(), StandardCharsets.US_ASCII)).doesNotContain("\0");
    }

    @Test
    void aJournalThatWasTornAtItsVeryStartBeginsAgain() throws IOException {
        catalog.append(lease, id, "one", Stage.INTENT, "");
        byte[] good = Files.readAllBytes(journalFile());
        for (int length : new int[] {0, 1, 30}) {
            Files.write(journalFile(), Arrays.copyOf(good, length));
            assertThat(catalog.journal(id)).isEmpty();
        }
        assertThat(catalog.append(lease, id, "one", Stage.INTENT, "").sequence())
                .isEqualTo(1);
        assertThat(catalog.journal(id)).hasSize(1);
    }

    @Test
    void anAcknowledgedLineNeverVanishesSilently() throws IOException {
        catalog.append(lease, id, "one", Stage.INTENT, "x");
        catalog.append(lease, id, "two", Stage.RECEIPT, "y");
        byte[] good = Files.readAllBytes(journalFile());
        for (int i = 0; i < good.length - 1; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 0x04;
            Files.write(journalFile(), bad);
            assertThat(failing(() -> catalog.journal(id), Kind.CORRUPT)).hasMessageContaining("line ");
            failing(() -> catalog.append(lease, id, "three", Stage.INTENT, ""), Kind.CORRUPT);
        }
    }

    @Test
    void aLostLineInTheMiddleIsNoticed() throws IOException {
        for (int i = 0; i < 3; i++) {
            catalog.append(lease, id, "step", Stage.INTENT, "");
        }
        List<String> lines = Files.readAllLines(journalFile());
        Files.write(journalFile(), List.of(lines.get(0), lines.get(1), lines.get(3)));
        failing(() -> catalog.journal(id), Kind.CORRUPT);
    }

    @Test
    void theSameDirectoryByAnotherPathIsTheSameCatalog() throws IOException {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), directory);
        try (DirectoryCatalog other = DirectoryCatalog.open(link)) {
            Crowd.together(4, i -> {
                for (int n = 0; n < 10; n++) {
                    (i % 2 == 0 ? catalog : other).append(lease, id, "step", Stage.INTENT, "");
                }
                return i;
            });
            assertThat(other.journal(id)).hasSize(40);
            assertThat(other.uri()).isEqualTo(catalog.uri());
        }
    }

    @Test
    void interruptsDoNotBreakCalls() {
        Thread.currentThread().interrupt();
        catalog.append(lease, id, "thaw", Stage.INTENT, "");
        CatalogRecord second = catalog.update(record, lease);
        assertThat(catalog.find(id)).contains(second);
        assertThat(catalog.journal(id)).hasSize(1);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void removalLeavesNoFileBehind() throws IOException {
        catalog.append(lease, id, "step", Stage.INTENT, "");
        catalog.remove(id, lease);
        for (String part : List.of("records", "journals", "claims", "leases")) {
            assertThat(directory.resolve(part)).isEmptyDirectory();
        }
        assertThat(Files.exists(directory.resolve("epoch.json"))).isTrue();
    }
}
