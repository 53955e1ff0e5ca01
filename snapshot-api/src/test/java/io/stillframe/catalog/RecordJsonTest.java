package io.stillframe.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stillframe.model.Availability;
import io.stillframe.model.Digest;
import io.stillframe.model.Obligation;
import io.stillframe.model.OlderObject;
import io.stillframe.model.Placement;
import io.stillframe.model.Replica;
import io.stillframe.model.ResidencyRule;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.contract.Samples;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RecordJsonTest {
    private static final Instant NOW = Instant.parse("2026-03-01T10:20:30.123456789Z");

    @Test
    void everyFieldPresentComesBack() {
        Snapshot snapshot = Samples.full(NOW);
        assertThat(RecordJson.readSnapshot(RecordJson.write(snapshot), "test")).isEqualTo(snapshot);
    }

    @Test
    void everyFieldAbsentComesBack() {
        Snapshot snapshot = Samples.requested(NOW);
        assertThat(RecordJson.readSnapshot(RecordJson.write(snapshot), "test")).isEqualTo(snapshot);
    }

    @Test
    void recordsComeBack() {
        CatalogRecord bare = CatalogRecord.first(Samples.requested(NOW), Optional.empty(), Map.of());
        CatalogRecord full = new CatalogRecord(
                Samples.full(NOW),
                Long.MAX_VALUE,
                Optional.of("instance/ä b"),
                Map.of("", "", "plan", "{\"a\":\u0000\n\uD800 half a pair, \u00e4\u20ac}"));
        assertThat(RecordJson.readRecord(RecordJson.write(bare), "test")).isEqualTo(bare);
        assertThat(RecordJson.readRecord(RecordJson.write(full), "test")).isEqualTo(full);
    }

    @Test
    void theTextIsOneLineOfAscii() {
        assertThat(RecordJson.write(Samples.full(NOW)).chars()).allMatch(c -> c >= ' ' && c < 127);
    }

    @Test
    void theStoredFormatStays() {
        String json = "{\"format\":\"stillframe-snapshot\",\"version\":1,\"id\":\"snap-01jnr0000000000000000000ab\","
                + "\"name\":\"n\",\"tenant\":\"default\",\"instance\":{\"id\":\"i\",\"name\":\"web\",\"hypervisor\":\"h\"},"
                + "\"status\":\"QUEUED\",\"phase\":\"WAITING\",\"progress\":{\"bytesTotal\":3,\"bytesRead\":2,"
                + "\"bytesStored\":1},\"requestedAt\":\"2026-03-01T10:20:30Z\",\"retentionDays\":7,"
                + "\"capture\":{\"mode\":\"LIVE\",\"consistency\":\"QUIESCED\",\"pointInTime\":\"2026-03-01T10:20:31Z\","
                + "\"downtime\":{\"guestStop\":\"PT0S\",\"hold\":\"PT0.2S\",\"start\":\"PT1M\"},\"shutdownEvents\":0,"
                + "\"guestReboots\":0,\"notes\":[\"a\"]},\"disks\":[],\"replicas\":[],\"obligations\":[\"RELEASE\"]}";
        assertThat(RecordJson.write(RecordJson.readSnapshot(json, "test"))).isEqualTo(json);
    }

    @Test
    void unknownFieldsAreIgnored() {
        Snapshot snapshot = Samples.full(NOW);
        String json = RecordJson.write(snapshot)
                .replace("{\"id\"", "{\"added\":[1,{\"x\":null,\"y\":[[1.5]]}],\"id\"")
                .replace("\"phase\"", "\"later\":true,\"phase\"");
        assertThat(RecordJson.readSnapshot(json, "test")).isEqualTo(snapshot);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"version\":1 | \"version\":5 | UNSUPPORTED | newer release",
                "\"version\":1 | \"version\":0 | CORRUPT | version",
                "\"version\":1 | \"version\":1,\"version\":1 | CORRUPT | no valid JSON",
                "stillframe-snapshot | stillframe-record | CORRUPT | format",
                "\"QUEUED\" | \"MELTED\" | CORRUPT | status",
                "\"RELEASE\" | \"WATER_PLANTS\" | CORRUPT | obligations",
                "\"retentionDays\":0 | \"retentionDays\":-1 | CORRUPT | retention",
                "\"retentionDays\":0 | \"retentionDays\":4294967296 | CORRUPT | retentionDays",
                "\"retentionDays\":0 | \"retentionDays\":1.5 | CORRUPT | retentionDays",
                "\"retentionDays\":0 | \"retentionDays\":99999999999999999999 | CORRUPT | no valid JSON",
                "\"disks\":[] | \"disks\":{} | CORRUPT | disks",
                "\"disks\":[] | \"disks\":[null] | CORRUPT | null",
                "\"disks\":[] | \"disks\":[3] | CORRUPT | disks",
                "\"name\":\"nightly\" | \"name\":7 | CORRUPT | name",
                "\"requestedAt\":\"2026 | \"requestedAt\":\"x2026 | CORRUPT | requestedAt",
            })
    void aWrongValueIsNamed(String from, String to, Kind kind, String named) {
        Snapshot queued = Samples.requested(NOW).toBuilder()
                .status(SnapshotStatus.QUEUED)
                .owes(Obligation.RELEASE)
                .build();
        String json = RecordJson.write(queued);
        assertThat(json).contains(from);
        assertThat(failure(json.replace(from, to)))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining("test.json")
                .hasMessageContaining(named);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "3", "{", "{}", "{\"a\":1}x", "\u0000\u0000"})
    void whatIsNoObjectIsCorrupt(String json) {
        assertThat(failure(json).kind()).isEqualTo(Kind.CORRUPT);
    }

    @Test
    void everyTruncationIsCorrupt() {
        String json = RecordJson.write(Samples.full(NOW));
        for (int length = 0; length < json.length(); length++) {
            assertThat(failure(json.substring(0, length)).kind()).isEqualTo(Kind.CORRUPT);
        }
    }

    @Test
    void deepNestingIsRefused() {
        assertThat(failure("{\"a\":".repeat(1_000_000)).kind()).isEqualTo(Kind.CORRUPT);
        assertThat(failure("{\"a\":" + "[".repeat(100_000)).kind()).isEqualTo(Kind.CORRUPT);
    }

    @Test
    void anOversizedTextIsRefused() {
        assertThat(failure(" ".repeat((16 << 20) + 1))).hasMessageContaining("at most 16777216");
    }

    private static SnapshotException failure(String json) {
        return catchThrowableOfType(SnapshotException.class, () -> RecordJson.readSnapshot(json, "test.json"));
    }

    @Test
    void severalRegionsAreWrittenInAVersionThatOlderReadersRefuse() {
        Snapshot base = Samples.requested(Instant.parse("2026-01-01T00:00:00Z"));
        assertThat(RecordJson.write(base)).contains("\"version\":1");
        Snapshot two = base.toBuilder()
                .replica(Replica.pending("us-1", "file:///us").behind("it was away"))
                .placement(Placement.in("home", "us-1")
                        .withAvailability(Availability.QUORUM)
                        .withResidency(ResidencyRule.jurisdictions("mine", "eu")))
                .build();
        assertThat(RecordJson.write(two)).contains("\"version\":2");
        assertThat(RecordJson.readSnapshot(RecordJson.write(two), "two")).isEqualTo(two);
    }

    @Test
    void whatChangedIsWrittenInAVersionThatOlderReadersRefuse() {
        Snapshot changes = builtOn(
                new OlderObject("snapshots/b/vda.pack", 1L << 40, Optional.of(new Digest(Digest.STORED, "c0ffee00"))),
                new OlderObject("snapshots/a/vda.pack", 1, Optional.empty()));
        String json = RecordJson.write(changes);
        assertThat(json).contains("\"version\":4");
        assertThat(RecordJson.readSnapshot(json, "changes")).isEqualTo(changes);
        assertThat(failure(json.replace("\"version\":4", "\"version\":5")).kind())
                .isEqualTo(Kind.UNSUPPORTED);
    }

    @Test
    void aRemovedOneIsWrittenInAVersionThatOlderReadersRefuse() {
        CatalogRecord removed = CatalogRecord.first(
                Samples.requested(NOW).toBuilder()
                        .status(SnapshotStatus.REMOVED)
                        .build(),
                Optional.empty(),
                Map.of());
        assertThat(RecordJson.write(removed)).contains("\"version\":4");
        assertThat(RecordJson.readRecord(RecordJson.write(removed), "removed")).isEqualTo(removed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\"\"", "\"/a\"", "\"a//b\"", "\"a/../b\"", "\"a\\u0000b\"", "\"a\\\\b\"", "\"\\uD800\"", "7"})
    void whatIsNoObjectsKeyIsCorrupt(String key) {
        String json = RecordJson.write(builtOn(new OlderObject("snapshots/a/vda.pack", 1, Optional.empty())));
        assertThat(failure(json.replace("\"snapshots/a/vda.pack\"", key)).kind())
                .isEqualTo(Kind.CORRUPT);
        assertThat(failure(json.replace("\"snapshots/x/vda.raw.zst\"", key)).kind())
                .isEqualTo(Kind.CORRUPT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "[null]", "[3]", "[[]]"})
    void whatIsNoListOfOlderObjectsIsCorrupt(String older) {
        String json = RecordJson.write(builtOn(new OlderObject("snapshots/a/vda.pack", 1, Optional.empty())));
        String from = "[{\"object\":\"snapshots/a/vda.pack\",\"bytes\":1}]";
        assertThat(json).contains(from);
        assertThat(failure(json.replace(from, older)).kind()).isEqualTo(Kind.CORRUPT);
        assertThat(failure(json.replace("\"bytes\":1}", "\"bytes\":0}")).kind()).isEqualTo(Kind.CORRUPT);
    }

    private static Snapshot builtOn(OlderObject... older) {
        Snapshot full = Samples.full(NOW);
        return full.toBuilder()
                .disks(List.of(
                        full.disks().get(0).withOlder(List.of(older)),
                        full.disks().get(1)))
                .build();
    }
}
