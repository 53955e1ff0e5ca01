package io.stillframe.engine;

import static io.stillframe.engine.ChangesLab.MIB;
import static io.stillframe.engine.ChangesLab.assertReads;
import static io.stillframe.engine.ChangesLab.changes;
import static io.stillframe.engine.ChangesLab.damage;
import static io.stillframe.engine.ChangesLab.disk;
import static io.stillframe.engine.ChangesLab.noise;
import static io.stillframe.engine.ChangesLab.pointedInto;
import static io.stillframe.engine.ChangesLab.taken;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.LastCopies;
import io.stillframe.model.RegionReport;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.store.FaultInjectingStore.Operation;
import io.stillframe.testing.PluginCalls;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Snapshots that store changes, in several regions. */
class ChangesInRegionsTest {
    @Test
    void anUnfinishedCopyOfTheBaseIsNotReliedOn() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            Snapshot first = taken(lab, service, changes().withRegions("eu"));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes().withRegions("eu"));
            regions.store("us").failAlways(Operation.PUT, Kind.TRANSIENT);
            service.addCopy(first.id(), "us");
            await().atMost(Lab.LONG).until(() -> regions.objects("us").size() == 2);
            service.addCopy(second.id(), "us");
            await().atMost(Lab.LONG)
                    .until(() -> regions.objects("us").keySet().stream()
                            .anyMatch(key -> key.value().endsWith("vda.older-1.pack")));
            regions.up("us");

            RegionLab.awaitWhole(service, second.id());
            assertReads(lab, service, service.get(second.id()));
        }
    }

    @Test
    void aRegionThatTheBaseIsNotInGetsWhatIsNeededToo() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            Snapshot first = taken(lab, service, changes().withRegions("eu"));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes().withRegions("eu"));
            service.addCopy(second.id(), "us");
            RegionLab.awaitWhole(service, second.id());
            assertThat(disk(service.get(second.id()), "vda").older()).containsExactly(pointedInto(first, "vda"));

            regions.down("eu");
            assertReads(lab, service, service.get(second.id()));
            regions.up("eu");
            service.delete(first.id());
            assertReads(lab, service, service.get(second.id()));
            service.delete(second.id());

            regions.awaitGone(first.id());
            regions.awaitGone(second.id());
        }
    }

    @Test
    void aCopyThatOthersAreBuiltOnGoesWhenTheyHaveGone() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            Snapshot first = taken(lab, service, changes().withRegions("eu", "us"));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes().withRegions("eu", "us"));
            RegionLab.awaitWhole(service, second.id());

            service.removeCopy(first.id(), "us");
            service.await(
                    first.id(),
                    s -> s.replica("us")
                            .filter(copy -> copy.failure().isPresent())
                            .isPresent(),
                    Lab.LONG);
            regions.down("eu");
            assertReads(lab, service, service.get(second.id()));
            regions.up("eu");
            service.removeCopy(second.id(), "us");

            service.await(first.id(), s -> s.replica("us").isEmpty(), Lab.LONG);
            assertThat(regions.objects("us")).isEmpty();
            assertReads(lab, service, service.get(second.id()));
        }
    }

    @Test
    void whatIsLeftInARegionThatIsGivenUpKeepsNothing() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            Snapshot first = taken(lab, service, changes().withRegions("eu", "us"));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes().withRegions("eu", "us"));
            RegionLab.awaitWhole(service, second.id());
            service.delete(first.id());

            regions.down("us");
            service.forgetRegion("us", LastCopies.KEEP, report -> {}, new Cancellation());
            assertReads(lab, service, service.get(second.id()));
            service.delete(second.id());

            assertThat(lab.catalog.list(Optional.empty(), 10).items()).isEmpty();
            assertThat(regions.objects("eu")).isEmpty();
        }
    }

    /** Nobody knows when that ends: who drains is told instead of waiting. */
    @Test
    void aRegionIsNotDrainedOfWhatOneWithAnUnreadableRecordMayNeed() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotId unreadable = SnapshotId.create(lab.clock.instant());
            SnapshotCatalog catalog = new PluginCalls(
                            Set.of(), call -> call.name().equals("unreadable") ? List.of(unreadable) : call.proceed())
                    .around(SnapshotCatalog.class, lab.catalog);
            SnapshotService service = regions.service(RegionLab.settings().build(), regions.stores(), catalog);
            Snapshot first = taken(lab, service, changes().withRegions("eu", "us"));
            Snapshot second = taken(lab, service, changes().withRegions("eu", "us"));
            RegionLab.awaitWhole(service, second.id());

            RegionReport drained = service.drainRegion("us", Optional.empty(), report -> {}, new Cancellation());

            assertThat(drained.failures())
                    .filteredOn(failed -> failed.snapshot().equals(first.id()))
                    .singleElement()
                    .satisfies(failed -> assertThat(failed.reason())
                            .contains(unreadable.value())
                            .contains("cannot be read"));
            assertThat(regions.objects("us")).isNotEmpty();
        }
    }

    @Test
    void aServiceThatDoesNotReachWhatIsLeftSaysNothingOfIt() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            Snapshot first = taken(lab, service, changes().withRegions("eu"));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes().withRegions("eu"));
            service.delete(first.id());

            SnapshotService elsewhere = lab.service(Lab.settings().build(), lab.host, regions.store("us"), lab.catalog);
            assertThat(elsewhere.sweep(SweepMode.DRY_RUN, new Cancellation()).items())
                    .isEmpty();
            assertThat(elsewhere.sweep(SweepMode.REMOVE, new Cancellation()).items())
                    .isEmpty();
            assertReads(lab, service, second);
        }
    }

    /** It is lost, but its objects in the other region are not its own alone. */
    @Test
    void whatOthersNeedOfALostOneStaysAndGoesWithThem() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            Snapshot first = taken(lab, service, changes().withRegions("eu", "us"));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes().withRegions("eu", "us"));
            RegionLab.awaitWhole(service, second.id());
            service.removeCopy(first.id(), "us");
            service.await(
                    first.id(),
                    s -> s.replica("us")
                            .filter(copy -> copy.failure().isPresent())
                            .isPresent(),
                    Lab.LONG);

            regions.down("eu");
            service.forgetRegion("eu", LastCopies.GIVE_UP, report -> {}, new Cancellation());
            assertThat(service.get(first.id()).status()).isEqualTo(SnapshotStatus.FAILED);
            service.recover(new Cancellation());
            service.sweep(SweepMode.REMOVE, new Cancellation());
            assertReads(lab, service, service.get(second.id()));

            service.delete(first.id());
            service.sweep(SweepMode.REMOVE, new Cancellation());
            assertReads(lab, service, service.get(second.id()));
            service.delete(second.id());
            assertThat(regions.objects("us")).isEmpty();
            assertThat(lab.catalog.list(Optional.empty(), 10).items()).isEmpty();
        }
    }

    @Test
    void damageToWhatIsNeededIsFoundAndRepaired() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            Snapshot first = taken(lab, service, changes().withRegions("eu"));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes().withRegions("eu"));
            service.addCopy(second.id(), "us");
            RegionLab.awaitWhole(service, second.id());
            damage(regions.store("us"), "vda.older-1.pack");

            ScrubReport found = service.repair(second.id(), new Cancellation());
            assertThat(found.items())
                    .extracting(ScrubReport.Item::outcome)
                    .containsExactly(ScrubReport.Outcome.WHOLE, ScrubReport.Outcome.REPAIRING);
            RegionLab.awaitWhole(service, second.id());

            assertThat(service.scrub(second.id(), new Cancellation()).count(ScrubReport.Outcome.WHOLE))
                    .isEqualTo(2);
            service.delete(first.id());
            service.delete(second.id());
            regions.awaitGone(second.id());
        }
    }

    @Test
    void damageToWhatAnotherSnapshotHasIsRepairedForBoth() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            Snapshot first = taken(lab, service, changes().withRegions("eu", "us"));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes().withRegions("eu", "us"));
            RegionLab.awaitWhole(service, second.id());
            damage(regions.store("us"), first.id() + "/vda.pack");

            service.repair(second.id(), new Cancellation());
            RegionLab.awaitWhole(service, second.id());
            assertThat(service.scrub(second.id(), new Cancellation()).count(ScrubReport.Outcome.WHOLE))
                    .isEqualTo(2);
            service.repair(first.id(), new Cancellation());
            RegionLab.awaitWhole(service, first.id());

            assertThat(service.scrub(first.id(), new Cancellation()).count(ScrubReport.Outcome.WHOLE))
                    .isEqualTo(2);
            regions.down("eu");
            assertReads(lab, service, service.get(second.id()));
            regions.up("eu");
            service.delete(first.id());
            service.delete(second.id());
            regions.awaitGone(second.id());
        }
    }

    @Test
    void aRegionThatIsAwayIsLeftBehindAndNotWaitedFor() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            Snapshot first = taken(lab, service, changes().withRegions("eu", "us"));
            RegionLab.awaitWhole(service, first.id());
            lab.guest.write("vda", MIB, noise(2));
            regions.down("us");

            Snapshot second = taken(lab, service, changes().withRegions("eu", "us"));

            assertThat(disk(second, "vda").older()).containsExactly(pointedInto(first, "vda"));
            regions.up("us");
            RegionLab.awaitWhole(service, second.id());
            assertReads(lab, service, second);
        }
    }
}
