package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SweepMode;
import io.stillframe.spi.Cancellation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every phase is an event of the flight recorder that says what it was about and what came of it. */
class EventsTest {
    /** What people configure recordings with: these names stay. */
    private static final List<String> NAMES = List.of(
            "io.stillframe.Shutdown",
            "io.stillframe.Hold",
            "io.stillframe.PowerOn",
            "io.stillframe.Transfer",
            "io.stillframe.PartUpload",
            "io.stillframe.Publish",
            "io.stillframe.Release",
            "io.stillframe.RetentionDeletion",
            "io.stillframe.Sweep",
            "io.stillframe.Recovery");

    @TempDir
    private Path directory;

    @Test
    void everyPhaseIsRecorded() throws IOException {
        Path file = directory.resolve("recording.jfr");
        Snapshot snapshot;
        try (Recording recording = new Recording()) {
            NAMES.forEach(name -> recording.enable(name).withoutThreshold());
            recording.start();
            snapshot = lived();
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("io.stillframe."))
                .toList();
        assertThat(events.stream().map(event -> event.getEventType().getName()).collect(Collectors.toSet()))
                .containsExactlyInAnyOrderElementsOf(NAMES);
        List<RecordedEvent> about = events.stream()
                .filter(event ->
                        event.getString("snapshot").equals(snapshot.id().value()))
                .toList();
        assertThat(about)
                .allMatch(event -> event.getString("instance").equals(Lab.INSTANCE)
                        && event.getString("host").equals(snapshot.instance().hypervisor())
                        && event.getString("region").equals("home")
                        && !event.getString("outcome").equals("failed"));
        assertThat(named(about, "Shutdown"))
                .singleElement()
                .satisfies(event -> assertThat(event.getString("outcome")).isEqualTo("GUEST_SHUTDOWN"));
        assertThat(named(about, "Transfer"))
                .singleElement()
                .satisfies(event -> assertThat(event.getLong("bytes")).isEqualTo(snapshot.bytesStored()));
        assertThat(named(about, "PartUpload").stream()
                        .mapToLong(event -> event.getLong("bytes"))
                        .sum())
                .isEqualTo(snapshot.bytesStored());
    }

    /** A snapshot from its request to its expiry. */
    private static Snapshot lived() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot =
                    lab.settled(service, service.create(Lab.request().withRetentionDays(1)));
            lab.clock.step(Duration.ofDays(1));
            service.recover(new Cancellation());
            // The job that made it may still have it when a sweep looks: then the next one removes it.
            await().atMost(Lab.LONG).until(() -> {
                service.sweep(SweepMode.REMOVE, new Cancellation());
                return lab.catalog.find(snapshot.id()).isEmpty();
            });
            return snapshot;
        }
    }

    @Test
    void aPartIsRecordedWithItsRegionAndACopyWithTheRegionItGoesTo() throws IOException {
        Path file = directory.resolve("regions.jfr");
        Snapshot snapshot;
        try (Recording recording = new Recording()) {
            List.of("io.stillframe.PartUpload", "io.stillframe.RegionCopy")
                    .forEach(name -> recording.enable(name).withoutThreshold());
            recording.start();
            try (RegionLab regions = new RegionLab()) {
                SnapshotService service = regions.service();
                snapshot = regions.lab.settled(
                        service, service.create(Lab.request().withRegions("eu", "us")));
                service.addCopy(snapshot.id(), "ap");
                RegionLab.awaitWhole(service, snapshot.id());
            }
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(named(events, "RegionCopy")).singleElement().satisfies(event -> {
            assertThat(event.getString("snapshot")).isEqualTo(snapshot.id().value());
            assertThat(event.getString("region")).isEqualTo("ap");
            assertThat(event.getLong("bytes")).isEqualTo(snapshot.bytesStored());
            assertThat(event.getString("outcome")).isEqualTo("copied from eu");
        });
        assertThat(named(events, "PartUpload").stream()
                        .filter(event -> event.getString("region").equals("us"))
                        .mapToLong(event -> event.getLong("bytes"))
                        .sum())
                .isEqualTo(snapshot.bytesStored());
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals("io.stillframe." + name))
                .toList();
    }
}
