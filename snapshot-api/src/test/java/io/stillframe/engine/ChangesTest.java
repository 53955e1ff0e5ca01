package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Keep;
import io.stillframe.model.LastCopies;
import io.stillframe.model.OlderObject;
import io.stillframe.model.RebuildReport;
import io.stillframe.model.Replica;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Storing;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.model.Tenant;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.UploadOptions;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import io.stillframe.testing.PluginCalls;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Snapshots that store what changed since an older one, and what becomes of them when others go. */
class ChangesTest {
    private static final int MIB = 1 << 20;

    static SnapshotRequest changes() {
        return Lab.request().withCodec("pack").withStoring(Storing.CHANGES);
    }

    @Test
    void onlyWhatChangedIsStoredAndAllIsRead() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());

            assertThat(first.disks()).allMatch(disk -> disk.older().isEmpty());
            assertThat(disk(second, "vda").older()).containsExactly(pointedInto(first, "vda"));
            assertThat(disk(second, "vda").bytesStored()).isBetween((long) MIB, MIB + 8192L);
            assertThat(disk(second, "vdb").bytesStored()).isLessThan(4096);
            assertThat(disk(second, "vda").content()).isEqualTo(content(lab, service, "vda"));
            assertReads(lab, service, second);
        }
    }

    @Test
    void whatOthersNeedOutlivesItsSnapshot() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());

            service.delete(first.id());

            assertGone(service, first.id());
            assertThat(service.list(Optional.empty(), 10).items())
                    .extracting(Snapshot::id)
                    .containsExactly(second.id());
            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> service.delete(first.id()))
                    .matches(e -> e.kind() == Kind.NOT_FOUND, "is gone");
            assertThat(service.list(SnapshotQuery.all().withStatus(SnapshotStatus.REMOVED), Optional.empty(), 10)
                            .items())
                    .extracting(Snapshot::id)
                    .containsExactly(first.id());
            assertThat(names(lab, first.id())).containsExactlyInAnyOrder("vda.pack", "vdb.pack", "removed.json");
            assertReads(lab, service, second);
            lab.assertNothingLeft(first.id(), second.id());

            service.delete(second.id());

            lab.assertNothingLeft();
            assertThat(lab.catalog.list(Optional.empty(), 10).items()).isEmpty();
        }
    }

    @Test
    void aGenerationInTheMiddleIsNotNeededForThoseBehindIt() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(3));
            Snapshot third = taken(lab, service, changes());

            assertThat(disk(third, "vda").older()).containsExactly(pointedInto(first, "vda"));
            service.delete(second.id());

            assertThat(names(lab, second.id())).isEmpty();
            service.delete(first.id());
            assertReads(lab, service, third);
            service.delete(third.id());
            lab.assertNothingLeft();
        }
    }

    @Test
    void whatIsNotNeededAnyMoreGoesWithTheLastThatNeedsIt() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());
            lab.guest.write("vdb", 0, noise(4));
            Snapshot third = taken(lab, service, changes());
            service.delete(first.id());
            service.delete(second.id());
            assertThat(names(lab, second.id())).containsExactlyInAnyOrder("vda.pack", "removed.json");

            lab.guest.write("vda", 0, new byte[Lab.ROOT_SIZE]);
            lab.guest.write("vda", 0, noise(5));
            Snapshot fourth = taken(lab, service, changes());
            service.delete(third.id());

            assertThat(disk(fourth, "vda").older()).isEmpty();
            assertThat(names(lab, first.id())).isEmpty();
            assertThat(names(lab, second.id())).isEmpty();
            assertReads(lab, service, fourth);
            service.delete(fourth.id());
            lab.assertNothingLeft();
        }
    }

    @Test
    void anExpiredBaseIsRemovedAtItsTimeButForWhatIsNeeded() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot day = taken(lab, service, changes().withRetentionDays(1));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot week = taken(lab, service, changes().withRetentionDays(7));
            lab.clock.step(Duration.ofDays(1));

            assertThat(service.sweep(SweepMode.REMOVE, new Cancellation()).count(SweepReport.Action.REMOVED))
                    .isEqualTo(1);

            assertGone(service, day.id());
            assertReads(lab, service, week);
            lab.clock.step(Duration.ofDays(6));
            service.sweep(SweepMode.REMOVE, new Cancellation());
            lab.assertNothingLeft();
        }
    }

    @Test
    void aBaseThatIsBeingRemovedIsNotBuiltOn() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.store.failAlways(Operation.DELETE, Kind.TRANSIENT);
            assertThatExceptionOfType(SnapshotException.class).isThrownBy(() -> service.delete(first.id()));
            lab.store.heal();

            Snapshot second = taken(lab, service, changes());

            assertThat(second.disks()).allMatch(disk -> disk.older().isEmpty());
            service.delete(first.id());
            assertThat(names(lab, first.id())).isEmpty();
            assertReads(lab, service, second);
        }
    }

    /** The removal has asked who needs the base before the younger one says that it does. */
    @Test
    void aBaseThatBeginsToGoWhileItIsChosenIsNotBuiltOn() throws Exception {
        try (Lab lab = Lab.running()) {
            SnapshotService remover = lab.service();
            Snapshot first = taken(lab, remover, changes());
            FaultInjectingStore.Gate removal = lab.store.block(Operation.DELETE);
            CompletableFuture<Void> removed = new CompletableFuture<>();
            AtomicBoolean begun = new AtomicBoolean();
            SnapshotCatalog catalog = new PluginCalls(Set.of(), call -> {
                        Object result = call.proceed();
                        if (isSearchForBase(call) && begun.compareAndSet(false, true)) {
                            removed.completeAsync(() -> {
                                remover.delete(first.id());
                                return null;
                            });
                            removal.awaitArrival(Lab.LONG);
                        }
                        return result;
                    })
                    .around(SnapshotCatalog.class, lab.catalog);
            SnapshotService service = lab.service(Lab.settings().build(), lab.host, lab.store, catalog);

            Snapshot second = taken(lab, service, changes());
            removal.open();
            removed.get(30, TimeUnit.SECONDS);

            assertThat(second.disks()).allMatch(disk -> disk.older().isEmpty());
            assertReads(lab, service, second);
        }
    }

    @Test
    void aBaseOfWhichSomethingIsMissingIsNotBuiltOn() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.objects.delete(List.of(ObjectKey.of(disk(first, "vdb").object().orElseThrow())));

            Snapshot second = taken(lab, service, changes());

            assertThat(second.disks()).allMatch(disk -> disk.older().isEmpty());
            assertReads(lab, service, second);
        }
    }

    @Test
    void aBaseWhoseIndexIsDamagedIsNotBuiltOn() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            ObjectKey pack = ObjectKey.of(
                    disk(taken(lab, service, changes()), "vda").object().orElseThrow());
            byte[] damaged = bytes(lab.objects, pack).array();
            Arrays.fill(damaged, damaged.length - 500, damaged.length, (byte) 0);
            lab.objects.put(pack, ByteBuffer.wrap(damaged), PublishMode.REPLACE, UploadOptions.ofDefaults());

            Snapshot second = taken(lab, service, changes());

            assertThat(second.disks()).allMatch(disk -> disk.older().isEmpty());
            assertReads(lab, service, second);
        }
    }

    @Test
    void aFailedOneNeedsNothingAnyMore() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            lab.store.failAlways(Operation.PUT_PART, Kind.PERMANENT);
            Snapshot failed = lab.settled(service, service.create(changes()));
            lab.store.heal();
            assertThat(failed.status()).isEqualTo(SnapshotStatus.FAILED);
            lab.awaitNothingLeft(first.id(), failed.id());

            service.delete(first.id());

            lab.awaitNothingLeft();
            assertThat(names(lab, first.id())).isEmpty();
        }
    }

    @Test
    void moreOlderObjectsThanAllowedMakeItWhole() {
        try (Lab lab = Lab.running()) {
            SnapshotService service =
                    lab.service(Lab.settings().mostOlderObjects(1).build());
            taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());
            lab.guest.write("vda", 3 * MIB, noise(3));
            Snapshot third = taken(lab, service, changes());

            assertThat(disk(second, "vda").older()).hasSize(1);
            assertThat(disk(third, "vda").older()).isEmpty();
            assertThat(disk(third, "vda").bytesStored()).isGreaterThan(2L * MIB);
            assertReads(lab, service, third);
        }
    }

    @Test
    void nothingIsBuiltOnWhatAnotherTenantOrCodecHas() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            taken(lab, service, changes().withTenant(new Tenant("other")));
            taken(lab, service, Lab.request());

            Snapshot own = taken(lab, service, changes());
            Snapshot stream = taken(lab, service, Lab.request().withStoring(Storing.CHANGES));

            assertThat(own.disks()).allMatch(disk -> disk.older().isEmpty());
            assertThat(stream.disks()).allMatch(disk -> disk.older().isEmpty());
            assertReads(lab, service, stream);
        }
    }

    @Test
    void aLostCatalogKnowsWhatIsNeededAgain() {
        try (Lab lab = Lab.running()) {
            SnapshotService before = lab.service();
            Snapshot first = taken(lab, before, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, before, changes());
            before.delete(first.id());
            MemoryCatalog empty = MemoryCatalog.create(lab.clock);
            SnapshotService service =
                    lab.service(Lab.settings().orphanAge(Duration.ZERO).build(), lab.host, lab.store, empty);
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));
            service.sweep(SweepMode.REMOVE, new Cancellation());

            service.rebuildCatalog(new Cancellation());

            assertThat(service.list(Optional.empty(), 10).items())
                    .extracting(Snapshot::id)
                    .containsExactly(second.id());
            service.sweep(SweepMode.REMOVE, new Cancellation());
            assertReads(lab, service, service.get(second.id()));
            service.delete(second.id());
            assertThat(lab.objects.list("", Optional.empty(), 10).items()).isEmpty();
            assertThat(empty.list(Optional.empty(), 10).items()).isEmpty();
        }
    }

    /** Nobody is known to need it, since not everybody is known. */
    @Test
    void aCatalogThatIsRebuiltInPartLeavesWhatMayBeNeeded() {
        try (RegionLab regions = new RegionLab()) {
            Lab lab = regions.lab;
            SnapshotService before = regions.service();
            Snapshot first = taken(lab, before, changes().withRegions("eu", "us"));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, before, changes().withRegions("us"));
            before.delete(first.id());
            MemoryCatalog empty = MemoryCatalog.create(lab.clock);
            SnapshotService service = lab.add(SnapshotService.builder()
                    .region("eu", regions.store("eu"))
                    .region("us", regions.store("us"))
                    .hypervisor(lab.host)
                    .catalog(empty)
                    .settings(RegionLab.settings().orphanAge(Duration.ZERO).build())
                    .clock(lab.clock)
                    .build());
            regions.down("us");
            service.rebuildCatalog(new Cancellation());
            regions.up("us");
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));

            service.recover(new Cancellation());
            service.sweep(SweepMode.REMOVE, new Cancellation());
            service.rebuildCatalog(new Cancellation());

            assertReads(lab, service, service.get(second.id()));
            service.delete(second.id());
            assertThat(regions.objects("us")).isEmpty();
            assertThat(regions.objects("eu")).isEmpty();
        }
    }

    /** What an unfinished copy of the base has stored may go with it. */
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
    void anotherServiceGoesOnWithOneThatWasInterrupted() {
        try (Lab lab = Lab.running()) {
            SnapshotService first = lab.service();
            Snapshot base = taken(lab, first, changes());
            lab.guest.write("vda", MIB, noise(2));
            CallGate gate = CallGate.crashBefore("complete", 1);
            SnapshotService dead = lab.service(
                    Lab.settings().leaseTtl(Duration.ofHours(1)).build(),
                    gate.around(lab.host.connect()),
                    gate.around(lab.store),
                    gate.around(lab.catalog));
            lab.clock.step(Duration.ofSeconds(1));
            Snapshot begun = dead.create(changes());
            await().atMost(Lab.LONG).until(gate::isDead);
            lab.letLeasesRunOut();
            SnapshotService second = lab.service();
            second.recover(new Cancellation());

            Snapshot done = lab.settled(second, begun);

            assertThat(done.status()).as("%s", done.failure()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(disk(done, "vda").older()).containsExactly(pointedInto(base, "vda"));
            assertReads(lab, second, done);
        }
    }

    @Test
    void whatIsLeftOfARemovedOneIsNobodysWhileOthersCannotBeRestored() {
        try (Lab lab = Lab.running()) {
            SnapshotService before = lab.service();
            Snapshot first = taken(lab, before, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, before, changes());
            before.delete(first.id());
            ObjectKey manifest = ObjectKey.of("snapshots/" + second.id() + "/manifest.json");
            ByteBuffer whole = bytes(lab.objects, manifest);
            lab.objects.put(manifest, ByteBuffer.allocate(10), PublishMode.REPLACE, UploadOptions.ofDefaults());
            SnapshotService service = lab.service(
                    Lab.settings().orphanAge(Duration.ZERO).build(),
                    lab.host,
                    lab.store,
                    MemoryCatalog.create(lab.clock));
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));

            RebuildReport report = service.rebuildCatalog(new Cancellation());
            service.sweep(SweepMode.REMOVE, new Cancellation());

            assertThat(report.items())
                    .extracting(RebuildReport.Item::outcome)
                    .containsOnly(RebuildReport.Outcome.FAILED);
            lab.objects.put(manifest, whole, PublishMode.REPLACE, UploadOptions.ofDefaults());
            assertThat(service.rebuildCatalog(new Cancellation()).count(RebuildReport.Outcome.RESTORED))
                    .isEqualTo(2);
            assertReads(lab, service, service.get(second.id()));
        }
    }

    @Test
    void recoveryRightAfterADeathRemovesWhatTheDeadOneWasRemoving() {
        try (Lab lab = Lab.running()) {
            SnapshotService before = lab.service();
            Snapshot first = taken(lab, before, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, before, changes());
            before.delete(first.id());
            CallGate gate = CallGate.crashBefore("remove", 2);
            SnapshotService dead = lab.service(
                    Lab.settings().leaseTtl(Duration.ofHours(1)).build(),
                    gate.around(lab.host.connect()),
                    gate.around(lab.store),
                    gate.around(lab.catalog));
            assertThatExceptionOfType(CallGate.Crash.class).isThrownBy(() -> dead.delete(second.id()));
            assertThat(lab.catalog.list(Optional.empty(), 10).items()).hasSize(1);

            SnapshotService service =
                    lab.service(Lab.settings().build(), lab.host, lab.store, leasesEndOnceSeen(lab.catalog));
            service.recover(new Cancellation());

            assertThat(lab.catalog.list(Optional.empty(), 10).items()).isEmpty();
            lab.assertNothingLeft();
        }
    }

    /** A catalog in which a dead owner's lease runs out just after somebody was refused it. */
    private static SnapshotCatalog leasesEndOnceSeen(SnapshotCatalog catalog) {
        PluginCalls calls = new PluginCalls(Set.of(), call -> {
            Object result = call.proceed();
            if (result instanceof LeaseOutcome.Held held) {
                catalog.release(held.by());
            }
            return result;
        });
        return calls.around(SnapshotCatalog.class, catalog);
    }

    // ---- regions ----

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

    // ---- volumes ----

    @Test
    void ofVolumesOnlyWhatTheyTellIsRead() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            SnapshotService service = lab.service();
            SnapshotRequest request = changes().withKeep(Keep.BOTH);
            Snapshot first = taken(lab, service, request);
            RegionLab.awaitWhole(service, first.id());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, request);
            RegionLab.awaitWhole(service, second.id());

            Snapshot stored = service.get(second.id());
            assertThat(disk(stored, "vda").older()).containsExactly(pointedInto(service.get(first.id()), "vda"));
            assertThat(disk(stored, "vda").bytesRead()).isEqualTo(MIB);
            assertThat(disk(stored, "vdb").bytesRead()).isZero();
            service.delete(first.id());
            assertReads(lab, service, stored);
            service.delete(second.id());
            lab.awaitNothingLeft();
        }
    }

    @Test
    void whatIsStoredAnewFromVolumesIsBuiltOnNothing() {
        try (RegionLab regions = new RegionLab(VolumeSnapshotTest.lab())) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            SnapshotRequest request = changes().withKeep(Keep.VOLUMES);
            lab.guest.write("vda", MIB, noise(2));
            copied(service, taken(lab, service, request), "eu", "us");
            lab.guest.write("vda", MIB, new byte[MIB]);
            copied(service, taken(lab, service, request), "eu", "us");
            Snapshot third = taken(lab, service, request);
            copied(service, third, "eu");
            assertThat(disk(service.get(third.id()), "vda").older()).hasSize(1);

            regions.down("eu");
            service.removeCopy(third.id(), "eu");
            service.addCopy(third.id(), "us");
            service.await(
                    third.id(), s -> s.replica("us").filter(Replica::isComplete).isPresent(), Lab.LONG);

            assertReads(lab, service, service.get(third.id()));
            assertThat(disk(service.get(third.id()), "vda").older()).isEmpty();
        }
    }

    // ---- what the tests share ----

    private static Snapshot taken(Lab lab, SnapshotService service, SnapshotRequest request) {
        lab.clock.step(Duration.ofSeconds(1));
        Snapshot taken = lab.settled(service, service.create(request));
        assertThat(taken.status()).as("%s", taken.failure()).isEqualTo(SnapshotStatus.AVAILABLE);
        return taken;
    }

    private static void copied(SnapshotService service, Snapshot snapshot, String... regions) {
        for (String region : regions) {
            service.addCopy(snapshot.id(), region);
            RegionLab.awaitWhole(service, snapshot.id());
        }
    }

    private static DiskSnapshot disk(Snapshot snapshot, String device) {
        return snapshot.disks().stream()
                .filter(disk -> disk.device().equals(device))
                .findFirst()
                .orElseThrow();
    }

    private static boolean isSearchForBase(PluginCalls.Call call) {
        return call.name().equals("list")
                && call.arguments()[0] instanceof SnapshotQuery query
                && query.instance().isPresent()
                && query.statuses().equals(Set.of(SnapshotStatus.AVAILABLE));
    }

    private static void assertGone(SnapshotService service, SnapshotId id) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> service.get(id))
                .matches(e -> e.kind() == Kind.NOT_FOUND, "is gone");
    }

    private static OlderObject pointedInto(Snapshot older, String device) {
        DiskSnapshot disk = disk(older, device);
        return new OlderObject(disk.object().orElseThrow(), disk.bytesStored(), disk.stored());
    }

    private static Optional<Digest> content(Lab lab, SnapshotService service, String device) {
        return disk(taken(lab, service, Lab.request().withCodec("pack")), device)
                .content();
    }

    private static void assertReads(Lab lab, SnapshotService service, Snapshot snapshot) {
        for (DiskSnapshot disk : snapshot.disks()) {
            try (BlockSource expected = lab.guest.content(disk.device());
                    BlockSource found = service.openDisk(snapshot.id(), disk.device())) {
                RegionLab.assertSameDisk(expected, found);
            }
        }
    }

    private static List<String> names(Lab lab, SnapshotId id) {
        String prefix = "snapshots/" + id + "/";
        return lab.objects.list(prefix, Optional.empty(), 100).items().stream()
                .map(object -> object.key().value().substring(prefix.length()))
                .toList();
    }

    private static void damage(FaultInjectingStore store, String name) {
        ObjectStat stat = store.list("", Optional.empty(), 1000).items().stream()
                .filter(object -> object.key().value().endsWith(name))
                .findFirst()
                .orElseThrow();
        ByteBuffer bytes = bytes(store, stat.key());
        bytes.put(1000, (byte) ~bytes.get(1000));
        store.put(stat.key(), bytes, PublishMode.REPLACE, UploadOptions.ofDefaults());
    }

    private static ByteBuffer bytes(ObjectStore store, ObjectKey key) {
        try (ByteSource source = store.open(key)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
            source.read(0, bytes);
            return bytes.flip();
        }
    }

    private static byte[] noise(int seed) {
        byte[] noise = new byte[MIB];
        new Random(seed).nextBytes(noise);
        return noise;
    }
}
