package io.stillframe.engine;

import static io.stillframe.engine.VolumeSnapshotTest.keptOn;
import static io.stillframe.engine.VolumeSnapshotTest.taken;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.hypervisor.SimulatedHypervisor;
import io.stillframe.model.Availability;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Keep;
import io.stillframe.model.LastCopies;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.Phase;
import io.stillframe.model.Placement;
import io.stillframe.model.Replica;
import io.stillframe.model.ResidencyPolicy;
import io.stillframe.model.ResidencyRule;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Snapshots that are kept on volumes are copied to stores without their instance, and launched where the volumes are not. */
class VolumeCopiesTest {
    @Test
    void aCopyIsStoredFromTheVolumesAndReadLikeAnyOther() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            SnapshotService service = lab.service();
            Snapshot kept = taken(lab, service, Lab.request());

            service.addCopy(kept.id(), "home");

            Snapshot stored = awaitCopy(service, kept.id());
            assertThat(stored.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(stored.completedAt()).isEqualTo(kept.completedAt());
            assertThat(stored.isKeptOnVolumes()).isTrue();
            assertThat(stored.bytesStored()).isPositive();
            assertThat(stored.disks()).allSatisfy(disk -> {
                assertThat(disk.content()).isPresent();
                assertThat(disk.volume()).isPresent();
            });
            assertThat(service.scrub(kept.id(), new Cancellation()).items())
                    .singleElement()
                    .matches(item -> item.outcome() == io.stillframe.model.ScrubReport.Outcome.WHOLE);
            assertReadable(
                    lab,
                    service,
                    stored,
                    LaunchRequest.of(kept.id(), "from-store").withRegion("home"));
            lab.assertNothingLeft(kept.id());
            lab.host.guest("from-store").delete();
            service.delete(kept.id());
            lab.awaitNothingLeft();
        }
    }

    @Test
    void bothIsAvailableAtOnceAndStoredFromTheVolumes() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service();

            Snapshot kept = taken(lab, service, Lab.request().withKeep(Keep.BOTH));
            assertThat(kept.replica("home").orElseThrow().isComplete()).isFalse();
            gate.open();

            awaitCopy(service, kept.id());
            lab.assertNothingLeft(kept.id());
        }
    }

    @Test
    void aRegionThatIsGivenUpCostsACopyAndNotTheSnapshot() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            SnapshotService service = lab.service();
            Snapshot kept = taken(lab, service, Lab.request().withKeep(Keep.BOTH));
            awaitCopy(service, kept.id());

            assertThat(service.forgetRegion("home", LastCopies.KEEP, report -> {}, new Cancellation())
                            .failures())
                    .isEmpty();

            Snapshot left = service.get(kept.id());
            assertThat(left.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(left.replicas()).isEmpty();
            assertThat(left.disks())
                    .allMatch(disk -> disk.object().isEmpty() && disk.volume().isPresent());
        }
    }

    @Test
    void whereAllCopiesAreAskedForItIsAvailableWithTheLast() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service();
            Placement all = Placement.home().withKeep(Keep.BOTH).withAvailability(Availability.ALL);
            SnapshotId id = service.create(Lab.request().withPlacement(all)).id();
            Snapshot waiting = service.await(id, s -> s.phase() == Phase.REPLICATING, Lab.LONG);
            assertThat(waiting.status()).isEqualTo(SnapshotStatus.QUEUED);
            assertThat(waiting.isKeptOnVolumes()).isTrue();
            gate.open();

            assertThat(service.await(id, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.AVAILABLE);
            lab.assertNothingLeft(id);
        }
    }

    @Test
    void oneThatWaitsForItsCopiesIsCancelledAndUndone() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service();
            Placement all = Placement.home().withKeep(Keep.BOTH).withAvailability(Availability.ALL);
            SnapshotId id = service.create(Lab.request().withPlacement(all)).id();
            service.await(
                    id,
                    s -> s.replicas().get(0).state() == Replica.State.TRANSFERRING && s.isKeptOnVolumes(),
                    Lab.LONG);
            gate.open();

            Snapshot cancelled = service.cancel(id);

            assertThat(cancelled.status()).isIn(SnapshotStatus.CANCELLED, SnapshotStatus.AVAILABLE);
            lab.awaitNothingLeft(
                    cancelled.status() == SnapshotStatus.AVAILABLE ? new SnapshotId[] {id} : new SnapshotId[0]);
        }
    }

    @Test
    void anotherServiceGoesOnWithACopyWhoseProcessDied() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            Snapshot kept;
            // Closed, so that it does not make the copy itself.
            try (SnapshotService first = lab.service()) {
                kept = taken(lab, first, Lab.request());
            }
            CallGate gate = CallGate.crashBefore("complete", 1);
            SnapshotService dead = lab.service(
                    Lab.settings().leaseTtl(Duration.ofHours(1)).build(),
                    gate.around(lab.host.connect()),
                    gate.around(lab.store),
                    gate.around(lab.catalog));
            dead.addCopy(kept.id(), "home");
            await().atMost(Lab.LONG).until(gate::isDead);
            lab.letLeasesRunOut();
            long sent = parts(lab);
            assertThat(sent).isPositive();

            SnapshotService other = lab.service();

            awaitCopy(other, kept.id());
            assertThat(parts(lab))
                    .as("parts that had arrived are not sent again")
                    .isLessThan(2 * sent + 4);
            lab.assertNothingLeft(kept.id());
        }
    }

    @Test
    void aSecondRegionIsCopiedFromTheFirst() {
        try (RegionLab regions = new RegionLab()) {
            regions.lab.host.add(
                    Lab.instance("on-volumes").running().onVolumes().build());
            SnapshotService service = regions.service();
            Snapshot kept = taken(
                    regions.lab,
                    service,
                    Lab.request("on-volumes").withKeep(Keep.BOTH).withRegions("us", "ap"));

            Snapshot whole = RegionLab.awaitWhole(service, kept.id());

            assertThat(whole.replicas()).extracting(Replica::region).containsExactly("us", "ap");
            regions.assertSame("us", "ap");
            service.removeCopy(kept.id(), "us");
            service.removeCopy(kept.id(), "ap");
            Snapshot alone = service.await(kept.id(), s -> s.replicas().isEmpty(), Lab.LONG);
            assertThat(alone.bytesStored()).isZero();
            service.addCopy(kept.id(), "eu");
            RegionLab.awaitWhole(service, kept.id());
            service.delete(kept.id());
            regions.awaitGone(kept.id());
            assertThat(keptOn(regions.lab)).isEmpty();
        }
    }

    @Test
    void aForbiddenRegionGetsNothing() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            SnapshotService service =
                    lab.service(Lab.settings().residency(onlyFor("elsewhere")).build());
            Snapshot kept = taken(lab, service, Lab.request());

            assertFails(Kind.INVALID, () -> service.addCopy(kept.id(), "home"));
            assertFails(Kind.INVALID, () -> service.create(Lab.request().withKeep(Keep.BOTH)));

            assertThat(lab.objects.list("", Optional.empty(), 10).items()).isEmpty();
        }
    }

    @Test
    void itIsLaunchedWhereTheVolumesAreNot() {
        try (Lab lab = VolumeSnapshotTest.lab();
                SimulatedHypervisor elsewhere = SimulatedHypervisor.builder()
                        .uri("simulated:///elsewhere")
                        .build()) {
            SnapshotService service = both(lab, elsewhere, ResidencyPolicy.none());
            Snapshot kept = taken(lab, service, Lab.request().withHost("here"));

            service.launch(LaunchRequest.of(kept.id(), "copy").withHost("there").withDisks(DiskSelection.all()));

            for (DiskSnapshot disk : kept.disks()) {
                try (BlockSource original = lab.guest.content(disk.device());
                        BlockSource copy = elsewhere.guest("copy").content(disk.device())) {
                    RegionLab.assertSameDisk(original, copy);
                }
            }
            service.delete(kept.id());
            lab.assertNothingLeft();
        }
    }

    @Test
    void itsCopyIsLaunchedByAServiceThatDoesNotReachItsVolumes() {
        try (Lab lab = VolumeSnapshotTest.lab();
                SimulatedHypervisor elsewhere = SimulatedHypervisor.builder()
                        .uri("simulated:///elsewhere")
                        .build()) {
            SnapshotService service = lab.service();
            Snapshot kept = taken(lab, service, Lab.request());
            service.addCopy(kept.id(), "home");
            awaitCopy(service, kept.id());
            SnapshotService other = lab.service(Lab.settings().build(), elsewhere, lab.store, lab.catalog);

            other.launch(LaunchRequest.of(kept.id(), "copy"));

            try (BlockSource original = lab.guest.content("vda");
                    BlockSource copy = elsewhere.guest("copy").content("vda")) {
                RegionLab.assertSameDisk(original, copy);
            }
        }
    }

    @Test
    void aRuleKeepsItFromBeingReadToAnotherHost() {
        try (Lab lab = VolumeSnapshotTest.lab();
                SimulatedHypervisor elsewhere = SimulatedHypervisor.builder()
                        .uri("simulated:///elsewhere")
                        .build()) {
            SnapshotService service = both(lab, elsewhere, onlyFor("home"));
            Snapshot kept = taken(lab, service, Lab.request().withHost("here"));
            LaunchRequest there = LaunchRequest.of(kept.id(), "copy").withHost("there");

            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> service.launch(there))
                    .withMessageContaining("'only'")
                    .matches(e -> e.kind() == Kind.INVALID);

            service.addCopy(kept.id(), "home");
            awaitCopy(service, kept.id());
            service.launch(there);
            assertThat(elsewhere.instances()).containsExactly("copy");
        }
    }

    @Test
    void aLostCatalogKnowsTheStoredCopyAgain() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            SnapshotService service = lab.service();
            Snapshot kept = taken(lab, service, Lab.request().withRetentionDays(7));
            lab.clock.step(Duration.ofHours(5));
            service.addCopy(kept.id(), "home");
            awaitCopy(service, kept.id());
            SnapshotService other =
                    lab.service(Lab.settings().build(), lab.host, lab.store, MemoryCatalog.create(lab.clock));

            other.rebuildCatalog(new Cancellation());

            Snapshot found = other.get(kept.id());
            assertThat(found.expiresAt()).isEqualTo(kept.expiresAt());
            assertThat(found.volumes()).isEmpty();
            assertReadable(lab, other, found, LaunchRequest.of(kept.id(), "again"));
        }
    }

    // ---- what the tests share ----

    private static SnapshotService both(Lab lab, SimulatedHypervisor elsewhere, ResidencyPolicy residency) {
        return lab.add(SnapshotService.builder()
                .hypervisor("here", lab.host)
                .hypervisor("there", elsewhere)
                .store(lab.store)
                .catalog(lab.catalog)
                .settings(Lab.settings().residency(residency).build())
                .clock(lab.clock)
                .build());
    }

    private static ResidencyPolicy onlyFor(String region) {
        return ResidencyPolicy.none().with(ResidencyRule.regions("only", region));
    }

    private static Snapshot awaitCopy(SnapshotService service, SnapshotId id) {
        return service.await(
                id, s -> s.replica("home").filter(Replica::isComplete).isPresent(), Lab.LONG);
    }

    private static long parts(Lab lab) {
        return lab.store.calls(Operation.PUT_PART);
    }

    private static void assertReadable(Lab lab, SnapshotService service, Snapshot snapshot, LaunchRequest launch) {
        service.launch(launch.withDisks(DiskSelection.all()));
        for (String device : List.of("vda", "vdb")) {
            try (BlockSource original = lab.guest.content(device);
                    BlockSource copy = lab.host.guest(launch.name()).content(device);
                    BlockSource read = service.openDisk(snapshot.id(), device)) {
                RegionLab.assertSameDisk(original, copy);
                RegionLab.assertSameDisk(original, read);
            }
        }
    }

    private static void assertFails(Kind kind, Runnable call) {
        assertThatExceptionOfType(SnapshotException.class).isThrownBy(call::run).matches(e -> e.kind() == kind);
    }
}
