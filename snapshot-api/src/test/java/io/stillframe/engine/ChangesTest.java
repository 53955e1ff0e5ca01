package io.stillframe.engine;

import static io.stillframe.engine.ChangesLab.MIB;
import static io.stillframe.engine.ChangesLab.assertReads;
import static io.stillframe.engine.ChangesLab.bytes;
import static io.stillframe.engine.ChangesLab.changes;
import static io.stillframe.engine.ChangesLab.disk;
import static io.stillframe.engine.ChangesLab.names;
import static io.stillframe.engine.ChangesLab.noise;
import static io.stillframe.engine.ChangesLab.pointedInto;
import static io.stillframe.engine.ChangesLab.taken;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.Digest;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Storing;
import io.stillframe.model.SweepMode;
import io.stillframe.model.Tenant;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What snapshots that store changes are built on, and that all is read of them. */
class ChangesTest {
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

    private static boolean isSearchForBase(PluginCalls.Call call) {
        return call.name().equals("list")
                && call.arguments()[0] instanceof SnapshotQuery query
                && query.instance().isPresent()
                && query.statuses().equals(Set.of(SnapshotStatus.AVAILABLE));
    }

    private static Optional<Digest> content(Lab lab, SnapshotService service, String device) {
        return disk(taken(lab, service, Lab.request().withCodec("pack")), device)
                .content();
    }
}
