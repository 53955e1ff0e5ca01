package io.stillframe.examples.regions;

import static io.stillframe.examples.regions.RegionsLab.HOME;
import static io.stillframe.examples.regions.RegionsLab.ONE;
import static io.stillframe.examples.regions.RegionsLab.PATIENCE;
import static io.stillframe.examples.regions.RegionsLab.REGIONS;
import static io.stillframe.examples.regions.RegionsLab.TWO;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.SnapshotService;
import io.stillframe.model.Availability;
import io.stillframe.model.LaunchRequest.Start;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.Replica;
import io.stillframe.model.Replica.State;
import io.stillframe.model.ResidencyPolicy;
import io.stillframe.model.ResidencyRule;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.ScrubReport.Outcome;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.testing.NetworkLink;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** What several regions promise, with a real guest, real servers, and links to them that are cut. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class RegionScenarios {
    private static final int IN_THE_MIDDLE = 1 << 20;

    private RegionsLab lab;

    /** The servers of the regions {@code one} and {@code two}. */
    abstract Map<String, Remote> remotes();

    abstract LabScripts scripts();

    abstract String guest();

    RegionsLab lab() {
        return lab;
    }

    @BeforeAll
    void boot(@TempDir Path directory) {
        LabScripts scripts = scripts();
        lab = new RegionsLab(scripts, directory, guest(), remotes());
    }

    @AfterEach
    void tidy() {
        lab.reachAll();
        lab.removeLaunched();
        lab.removeSnapshots();
    }

    @AfterAll
    void remove() {
        if (lab != null) {
            lab.close();
        }
    }

    @Test
    @Order(1)
    void aRegionThatDiesInTheMiddleIsLeftBehindAndCaughtUpWithWithoutTheHost() {
        dieAndConverge(TWO, IN_THE_MIDDLE);
    }

    /** The region dies when so many bytes of the snapshot were sent to it. */
    void dieAndConverge(String region, int bytes) {
        NetworkLink dying = lab.remote(region).link();
        SnapshotId id;
        try (SnapshotService service = lab.service()) {
            long before = dying.sent();
            dying.cutAfter(bytes);
            id = service.create(lab.request(Availability.QUORUM, HOME, ONE, TWO))
                    .id();
            Snapshot snapshot = service.await(id, SnapshotService.settled(), PATIENCE);
            assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(dying.isCut()).as("it was cut before all was sent").isTrue();
            assertThat(dying.sent() - before).isGreaterThanOrEqualTo(bytes);
            Snapshot left = service.await(id, s -> copy(s, region).state() == State.BEHIND, PATIENCE);
            assertThat(copy(left, region).failure()).isPresent();
            assertThat(left.replicas())
                    .filteredOn(copy -> !copy.region().equals(region))
                    .hasSize(2)
                    .allMatch(Replica::isComplete);
        }
        dying.mend();
        try (SnapshotService elsewhere = lab.serviceWithoutHost()) {
            elsewhere.await(id, s -> copy(s, region).isComplete(), PATIENCE);
            assertWhole(elsewhere.scrub(id, new Cancellation()));
            elsewhere.delete(id);
        }
        assertThat(lab.remote(region).kept()).isEmpty();
    }

    @Test
    @Order(2)
    void whatIsMissingOrCorruptInARegionIsFoundAndCopiedAnew() {
        try (SnapshotService service = lab.service()) {
            Snapshot snapshot = lab.taken(service, lab.request(Availability.ALL, HOME, ONE, TWO));
            ObjectKey root = object(snapshot, 0);
            lab.store(ONE).delete(List.of(root));
            flipByte(lab.store(TWO), object(snapshot, 1));

            ScrubReport found = service.scrub(snapshot.id(), new Cancellation());
            assertThat(found.items())
                    .extracting(ScrubReport.Item::outcome)
                    .containsExactly(Outcome.WHOLE, Outcome.DAMAGED, Outcome.DAMAGED);
            ScrubReport repaired = service.repair(snapshot.id(), new Cancellation());
            assertThat(repaired.count(Outcome.REPAIRING)).isEqualTo(2);
            RegionsLab.awaitWhole(service, snapshot.id());
            assertWhole(service.scrub(snapshot.id(), new Cancellation()));
            service.delete(snapshot.id());
        }
        assertThat(lab.remote(ONE).kept()).isEmpty();
        assertThat(lab.remote(TWO).kept()).isEmpty();
    }

    @Test
    @Order(3)
    void aForbiddenRegionsServerHearsNothing() {
        ResidencyPolicy stays = ResidencyPolicy.none().with(ResidencyRule.regions("stays", HOME, ONE));
        NetworkLink forbidden = lab.remote(TWO).link();
        SnapshotId everywhere;
        try (SnapshotService before = lab.service()) {
            everywhere = lab.taken(before, lab.request(Availability.ALL, HOME, ONE, TWO))
                    .id();
        }
        Traffic quiet = Traffic.of(forbidden);
        SnapshotId id;
        try (SnapshotService service = lab.service(stays)) {
            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> service.create(lab.request(Availability.ALL, HOME, TWO)))
                    .withMessageContaining("stays")
                    .withMessageContaining(TWO)
                    .matches(e -> e.kind() == Kind.INVALID);
            Snapshot snapshot = lab.taken(service, lab.request(Availability.ALL, HOME, ONE));
            id = snapshot.id();
            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> service.addCopy(id, TWO))
                    .withMessageContaining("stays");
            lab.store(HOME).delete(List.of(object(snapshot, 0)));
            readWhole(service, id, "vda");
            assertThat(service.repair(id, new Cancellation()).count(Outcome.REPAIRING))
                    .isEqualTo(1);
            RegionsLab.awaitWhole(service, id);

            // Of a snapshot that has a copy there from before the rule: neither read, nor repaired from.
            lab.store(HOME).delete(List.of(object(service.get(everywhere), 0)));
            lab.store(ONE).delete(List.of(object(service.get(everywhere), 0)));
            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> readWhole(service, everywhere, "vda"))
                    .matches(e -> e.kind() == Kind.NOT_FOUND);
            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> service.openDisk(everywhere, "vda", ReadFrom.only(TWO)))
                    .withMessageContaining("stays");
            ScrubReport report = service.repair(everywhere, new Cancellation());
            assertThat(report.items())
                    .extracting(ScrubReport.Item::outcome)
                    .containsExactly(Outcome.DAMAGED, Outcome.DAMAGED, Outcome.UNREACHED);
        }
        assertThat(Traffic.of(forbidden)).isEqualTo(quiet);
        try (SnapshotService service = lab.service(stays)) {
            service.delete(id);
            assertThat(Traffic.of(forbidden)).isEqualTo(quiet);
            service.delete(everywhere);
        }
        assertThat(lab.remote(TWO).kept()).as("removing is always allowed").isEmpty();
    }

    @Test
    @Order(4)
    void aDeletionGoesOnUntilTheRegionThatWasDownHasConfirmed() {
        NetworkLink down = lab.remote(ONE).link();
        try (SnapshotService service = lab.service()) {
            Snapshot snapshot = lab.taken(service, lab.request(Availability.ALL, HOME, ONE, TWO));
            down.cut();
            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> service.delete(snapshot.id()))
                    .matches(e -> e.kind() == Kind.TRANSIENT);
            Snapshot left = service.get(snapshot.id());
            assertThat(left.status()).isEqualTo(SnapshotStatus.DELETING);
            assertThat(left.replicas())
                    .extracting(Replica::state)
                    .containsExactly(State.REMOVED, State.DELETING, State.REMOVED);
            assertThat(copy(left, ONE).failure()).isPresent();
            assertThat(lab.remote(ONE).kept()).isNotEmpty();
            down.mend();
            await().atMost(PATIENCE).until(() -> lab.remote(ONE).kept().isEmpty() && isGone(service, snapshot.id()));
        }
    }

    @Test
    @Order(5)
    void eachRegionsCopyIsLaunchedWithTheOthersShutDownAndIsWhatWasOnTheDisks() {
        lab.stopGuest();
        Snapshot snapshot;
        try (SnapshotService service = lab.service()) {
            snapshot = lab.taken(service, lab.request(Availability.ALL, HOME, ONE, TWO));
        }
        for (String region : REGIONS) {
            lab.shutDownAllBut(region);
            try (SnapshotService service = lab.service()) {
                LaunchedInstance instance = lab.launch(service, snapshot, region, Start.DEFINED_ONLY);
                lab.assertSame(lab.disks(), RegionsLab.disksOf(instance));
                lab.assertConsistent(RegionsLab.disksOf(instance));
            } finally {
                lab.reachAll();
            }
        }
        try (SnapshotService service = lab.service()) {
            service.delete(snapshot.id());
        }
    }

    /** What a server has heard and said. */
    private record Traffic(long connections, long bytes) {
        static Traffic of(NetworkLink link) {
            return new Traffic(link.connections(), link.bytes());
        }
    }

    private static boolean isGone(SnapshotService service, SnapshotId id) {
        try {
            service.get(id);
            return false;
        } catch (SnapshotException e) {
            return e.kind() == Kind.NOT_FOUND;
        }
    }

    private static void readWhole(SnapshotService service, SnapshotId id, String device) {
        try (BlockSource disk = service.openDisk(id, device)) {
            ByteBuffer block = ByteBuffer.allocate(1 << 20);
            for (long at = 0; at < disk.size(); at += block.limit()) {
                block.clear().limit((int) Math.min(block.capacity(), disk.size() - at));
                disk.read(at, block);
            }
        }
    }

    /** Stores the object anew with one bit of another value. */
    private static void flipByte(ObjectStore store, ObjectKey key) {
        ByteBuffer bytes;
        try (ByteSource source = store.open(key)) {
            bytes = ByteBuffer.allocate((int) source.size());
            source.read(0, bytes);
        }
        int middle = bytes.flip().limit() / 2;
        bytes.put(middle, (byte) (bytes.get(middle) ^ 1));
        store.put(key, bytes, PublishMode.REPLACE, UploadOptions.ofDefaults());
    }

    private static void assertWhole(ScrubReport report) {
        assertThat(report.items()).as("%s", report).hasSize(3).allMatch(item -> item.outcome() == Outcome.WHOLE);
    }

    private static ObjectKey object(Snapshot snapshot, int disk) {
        return ObjectKey.of(snapshot.disks().get(disk).object().orElseThrow());
    }

    private static Replica copy(Snapshot snapshot, String region) {
        return snapshot.replica(region).orElseThrow();
    }
}
