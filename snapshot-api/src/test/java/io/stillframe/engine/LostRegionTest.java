package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.model.Availability;
import io.stillframe.model.LastCopies;
import io.stillframe.model.Phase;
import io.stillframe.model.RegionReport;
import io.stillframe.model.Replica;
import io.stillframe.model.Replica.State;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.JournalEntry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A region that is gone for good: nothing waits for it any more, and nothing is lost that nobody gave up. */
class LostRegionTest {
    @Test
    void theOtherCopiesGoOnAloneAndTheJournalSaysWhy() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = regions.lab.settled(service, service.create(RegionLab.request()));
            regions.down("eu");
            assertThat(forget(service, "eu", LastCopies.KEEP)).isEqualTo(new RegionReport(1, 1, List.of()));
            Snapshot left = service.get(snapshot.id());
            assertThat(left.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(left.replicas())
                    .extracting(Replica::region)
                    .as("the next one is the home now")
                    .containsExactly("us", "ap");
            assertThat(regions.lab.catalog.journal(snapshot.id()))
                    .filteredOn(entry -> entry.step().equals("give-up-copy"))
                    .extracting(JournalEntry::detail)
                    .first()
                    .asString()
                    .contains("eu", "COMPLETE");
            assertThat(forget(service, "eu", LastCopies.KEEP)).isEqualTo(new RegionReport(1, 1, List.of()));

            service.openDisk(snapshot.id(), "vda").close();
            service.delete(snapshot.id());
            assertThat(regions.lab.catalog.find(snapshot.id())).isEmpty();
            assertThat(regions.objects("us")).isEmpty();
        }
    }

    @Test
    void aRemovalThatWaitsForTheRegionAloneIsDone() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = regions.lab.settled(service, service.create(RegionLab.request()));
            regions.down("us");
            assertThatThrownBy(() -> service.delete(snapshot.id()))
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.TRANSIENT));
            // By a service that could not be built with that region.
            SnapshotService left = regions.service(
                    RegionLab.settings().build(), Map.of("eu", regions.store("eu"), "ap", regions.store("ap")));
            assertThat(forget(left, "us", LastCopies.KEEP).failures()).isEmpty();
            assertThat(regions.lab.catalog.find(snapshot.id())).isEmpty();
        }
    }

    @Test
    void aSnapshotThatWaitsForItsCopyThereIsAvailableWithoutIt() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            regions.down("ap");
            SnapshotId id = service.create(RegionLab.request()
                            .withPlacement(RegionLab.request()
                                    .placement()
                                    .orElseThrow()
                                    .withAvailability(Availability.ALL)))
                    .id();
            service.await(id, s -> s.replica("ap").orElseThrow().state() == State.BEHIND, Lab.LONG);
            service.await(
                    id, s -> s.phase() == Phase.REPLICATING && s.obligations().isEmpty(), Lab.LONG);
            assertThat(forget(service, "ap", LastCopies.KEEP).failures()).isEmpty();
            Snapshot available = service.get(id);
            assertThat(available.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(available.completedAt()).isPresent();
            assertThat(available.replicas()).hasSize(2).allMatch(Replica::isComplete);
        }
    }

    @Test
    void anOnlyCopyIsLostOnlyIfThatIsSaid() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot only = regions.lab.settled(service, service.create(Lab.request()));
            RegionReport refused = forget(service, "eu", LastCopies.KEEP);
            assertThat(refused.done()).isZero();
            assertThat(refused.failures()).singleElement().satisfies(failed -> {
                assertThat(failed.snapshot()).isEqualTo(only.id());
                assertThat(failed.reason()).contains("only complete copy");
            });
            assertThat(service.get(only.id()).status()).isEqualTo(SnapshotStatus.AVAILABLE);

            assertThat(forget(service, "eu", LastCopies.GIVE_UP).failures()).isEmpty();
            Snapshot lost = service.get(only.id());
            assertThat(lost.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(lost.failure().orElseThrow().reason())
                    .contains("region eu")
                    .contains("gone for good");
            assertThat(lost.replicas()).isEmpty();
            service.delete(only.id());
            assertThat(regions.lab.catalog.find(only.id())).isEmpty();
        }
    }

    private static RegionReport forget(SnapshotService service, String region, LastCopies lastCopies) {
        return service.forgetRegion(region, lastCopies, report -> {}, new Cancellation());
    }
}
