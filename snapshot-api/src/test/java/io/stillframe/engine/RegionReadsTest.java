package io.stillframe.engine;

import static io.stillframe.engine.RegionLab.copy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.model.ByteRange;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.Replica;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.ScrubReport.Outcome;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading and launching in a region of choice, with other copies standing in, and making damaged ones whole. */
class RegionReadsTest {
    @ParameterizedTest
    @ValueSource(strings = {"eu", "us", "ap"})
    void eachRegionLaunchesAloneWithTheOthersDown(String region) {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = taken(regions, service);
            RegionLab.REGIONS.stream().filter(other -> !other.equals(region)).forEach(regions::down);
            service.launch(LaunchRequest.of(snapshot.id(), "copy").withReadFrom(ReadFrom.only(region)));
            service.launch(LaunchRequest.of(snapshot.id(), "another"));
        }
    }

    @Test
    void theRegionAskedForIsReadAndNoOther() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = taken(regions, service);
            List<Long> before = reads(regions);
            service.launch(LaunchRequest.of(snapshot.id(), "copy").withRegion("us"));
            List<Long> after = reads(regions);
            assertThat(after.get(0)).isEqualTo(before.get(0));
            assertThat(after.get(1)).isGreaterThan(before.get(1));
            assertThat(after.get(2)).isEqualTo(before.get(2));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pack", "zstd", "qcow2"})
    void whatIsBrokenOrMissingInOneRegionIsReadInAnother(String codec) {
        try (RegionLab regions = new RegionLab();
                BlockSource root = regions.lab.guest.content("vda")) {
            SnapshotService service = regions.service();
            Snapshot snapshot = regions.lab.settled(
                    service, service.create(RegionLab.request().withCodec(codec)));
            ObjectKey key = ObjectKey.of(snapshot.disks().get(0).object().orElseThrow());
            long middle = snapshot.disks().get(0).bytesStored() / 2;
            regions.store("eu").corruptRead(key, middle);
            regions.store("us").delete(List.of(key));
            if (!codec.equals("qcow2")) {
                // qcow2 has no checksums of its own: a launch compares the whole disk's digest.
                try (BlockSource stored = service.openDisk(snapshot.id(), "vda")) {
                    RegionLab.assertSameDisk(root, stored);
                }
            }
            try (BlockSource stored = service.openDisk(snapshot.id(), "vda", ReadFrom.preferring("us"))) {
                assertThat(stored.size()).isEqualTo(root.size());
            }
            assertThatThrownBy(() -> service.openDisk(snapshot.id(), "vda", ReadFrom.only("us")))
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.NOT_FOUND));
            service.openDisk(snapshot.id(), "vda", ReadFrom.only("ap")).close();
        }
    }

    @Test
    void aRegionThatDiesWhileADiskIsReadIsReplacedInTheMiddle() {
        try (RegionLab regions = new RegionLab();
                BlockSource root = regions.lab.guest.content("vda")) {
            SnapshotService service = regions.service();
            Snapshot snapshot = taken(regions, service);
            try (BlockSource stored = service.openDisk(snapshot.id(), "vda")) {
                regions.down("eu");
                RegionLab.assertSameDisk(root, stored);
                assertThat(stored.extents(new ByteRange(0, stored.size()))).hasNext();
            }
        }
    }

    @Test
    void aScrubTellsAndARepairMakesWhole() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = taken(regions, service);
            ObjectKey key = ObjectKey.of(snapshot.disks().get(1).object().orElseThrow());
            assertThat(service.scrub(snapshot.id(), new Cancellation()).count(Outcome.WHOLE))
                    .isEqualTo(3);

            regions.store("us").corruptRead(key, 100);
            regions.store("ap").delete(List.of(key));
            ScrubReport found = service.scrub(snapshot.id(), new Cancellation());
            assertThat(found.items())
                    .extracting(ScrubReport.Item::outcome)
                    .containsExactly(Outcome.WHOLE, Outcome.DAMAGED, Outcome.DAMAGED);
            assertThat(service.get(snapshot.id()).replicas()).allMatch(Replica::isComplete);

            ScrubReport repaired = service.repair(snapshot.id(), new Cancellation());
            assertThat(repaired.count(Outcome.REPAIRING)).isEqualTo(2);
            regions.store("us").heal();
            RegionLab.awaitWhole(service, snapshot.id());
            regions.assertSame("eu", "us");
            regions.assertSame("eu", "ap");
            assertThat(regions.store("us").calls(Operation.DELETE)).isPositive();
        }
    }

    @Test
    void withoutAWholeCopyARepairTouchesNothing() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = taken(regions, service);
            ObjectKey key = ObjectKey.of(snapshot.disks().get(0).object().orElseThrow());
            RegionLab.REGIONS.forEach(region -> regions.store(region).corruptRead(key, 5000));
            assertThat(service.repair(snapshot.id(), new Cancellation()).count(Outcome.DAMAGED))
                    .isEqualTo(3);
            assertThat(service.get(snapshot.id()).replicas()).allMatch(Replica::isComplete);
            assertThat(copy(service.get(snapshot.id()), "eu").failure()).isEmpty();
        }
    }

    private static Snapshot taken(RegionLab regions, SnapshotService service) {
        return regions.lab.settled(service, service.create(RegionLab.request()));
    }

    private static List<Long> reads(RegionLab regions) {
        return RegionLab.REGIONS.stream()
                .map(region -> regions.store(region).calls(Operation.READ))
                .toList();
    }
}
