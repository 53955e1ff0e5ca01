package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.model.RegionReport;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.spi.Cancellation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** All snapshots into a region, or out of it: with progress, cancelled and gone on with. */
class RegionWorkTest {
    @Test
    void aRegionIsFilledAndDrained() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot one = regions.lab.settled(service, service.create(Lab.request()));
            Snapshot two =
                    regions.lab.settled(service, service.create(Lab.request().withRegions("eu", "ap")));
            List<RegionReport> told = new ArrayList<>();
            RegionReport filled = service.fillRegion("us", SnapshotQuery.all(), told::add, new Cancellation());
            assertThat(filled).isEqualTo(new RegionReport(2, 2, List.of()));
            assertThat(told).hasSize(2).last().isEqualTo(filled);
            assertThat(service.get(one.id()).replicas()).hasSize(2).allMatch(Replica::isComplete);

            RegionReport drained = service.drainRegion("eu", Optional.empty(), told::add, new Cancellation());
            assertThat(drained).isEqualTo(new RegionReport(2, 2, List.of()));
            assertThat(regions.objects("eu")).isEmpty();
            assertThat(service.get(one.id()).replicas())
                    .extracting(Replica::region)
                    .containsExactly("us");
            assertThat(service.get(two.id()).replicas())
                    .extracting(Replica::region)
                    .containsExactlyInAnyOrder("us", "ap");
            service.openDisk(one.id(), "vda").close();
        }
    }

    @Test
    void anOnlyCopyStaysUnlessItIsToldWhereToGo() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot one = regions.lab.settled(service, service.create(Lab.request()));
            RegionReport refused = service.drainRegion("eu", Optional.empty(), report -> {}, new Cancellation());
            assertThat(refused.failures()).hasSize(1);
            assertThat(service.get(one.id()).replicas()).hasSize(1).allMatch(Replica::isComplete);

            RegionReport drained = service.drainRegion("eu", Optional.of("ap"), report -> {}, new Cancellation());
            assertThat(drained.failures()).isEmpty();
            assertThat(service.get(one.id()).replicas())
                    .extracting(Replica::region)
                    .containsExactly("ap");
            assertThat(regions.objects("eu")).isEmpty();
            assertThatThrownBy(() -> service.drainRegion("ap", Optional.of("ap"), r -> {}, new Cancellation()))
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.INVALID));
        }
    }

    @Test
    void aDrainThatWasCancelledIsGoneOnWith() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot one = regions.lab.settled(service, service.create(Lab.request()));
            Snapshot two =
                    regions.lab.settled(service, service.create(Lab.request().withRegions("eu", "us")));
            regions.down("ap");
            Cancellation cancellation = new Cancellation();
            assertThatThrownBy(() -> service.drainRegion(
                            "eu", Optional.of("ap"), report -> cancellation.cancel("enough"), cancellation))
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.CANCELLED));
            assertThat(service.get(one.id()).replica("eu").orElseThrow().isComplete())
                    .as("the only copy is where it was")
                    .isTrue();
            regions.up("ap");
            RegionReport drained = service.drainRegion("eu", Optional.of("ap"), report -> {}, new Cancellation());
            assertThat(drained.failures()).isEmpty();
            assertThat(regions.objects("eu")).isEmpty();
            assertThat(service.get(one.id()).replicas())
                    .extracting(Replica::region)
                    .containsExactly("ap");
            assertThat(service.get(two.id()).replicas())
                    .extracting(Replica::region)
                    .containsExactly("us");
        }
    }
}
