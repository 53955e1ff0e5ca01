package io.stillframe.engine;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.catalog.jdbc.PostgresServer;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.hypervisor.SimulatedHypervisor;
import io.stillframe.model.ConcurrencyLimits;
import io.stillframe.model.Phase;
import io.stillframe.model.Retention;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ServiceSettings.Worker;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.Work;
import io.stillframe.store.FaultInjectingStore.Gate;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** A fleet: any service accepts what any other one does, within common limits; what a dead one has left is gone on with. */
class WorkersTest {
    private static final Duration SHORT_LEASE = Duration.ofSeconds(1);

    @Test
    void aServiceWithoutHostAcceptsWhatAnotherOneDoes() {
        try (Lab lab = Lab.running()) {
            SnapshotService front = front(lab);
            SnapshotId id = front.create(Lab.request().withHost("rack-1")).id();
            List<SnapshotStatus> seen = new CopyOnWriteArrayList<>();
            front.watch(id, s -> seen.add(s.status()));
            assertThat(front.get(id).waitsFor())
                    .hasValueSatisfying(text -> assertThat(text).contains("rack-1"));

            worker(lab, settings(Worker.ANY).build(), "rack-1");
            Snapshot snapshot = front.await(id, SnapshotService.settled(), Lab.LONG);
            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(snapshot.instance().name()).isEqualTo(Lab.INSTANCE);
            assertThat(snapshot.instance().id()).isEqualTo(lab.guest.state().id());
            assertThat(snapshot.waitsFor()).isEmpty();
            await().until(() -> seen.contains(SnapshotStatus.AVAILABLE));
            lab.awaitNothingLeft(id);
        }
    }

    @Test
    void whatCannotBeCheckedAtOnceFailsWhereItIsTaken() {
        try (Lab lab = Lab.running()) {
            SnapshotService front = front(lab);
            SnapshotId unknown = front.create(
                            SnapshotRequest.of("nobody").withHost("rack-1").withCodec("zstd"))
                    .id();
            failing(() -> front.create(Lab.request().withHost("rack-1").withCodec("no-codec")), Kind.NOT_FOUND);
            failing(() -> front.create(Lab.request()), Kind.UNSUPPORTED);
            worker(lab, settings(Worker.ANY).build(), "rack-1");
            Snapshot failed = front.await(unknown, SnapshotService.settled(), Lab.LONG);
            assertThat(failed.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(failed.failure().orElseThrow().kind()).isEqualTo(Kind.NOT_FOUND);
            lab.awaitNothingLeft();
        }
    }

    @Test
    void workOnHostsOfOthersIsLeftToThem() {
        try (Lab lab = Lab.running();
                SimulatedHypervisor second = SimulatedHypervisor.builder().build()) {
            second.add(Lab.instance("db").running().build());
            SnapshotService one = worker(lab, settings(Worker.ANY).build(), "rack-1");
            SnapshotId id = one.create(SnapshotRequest.of("db")
                            .withHost("rack-2")
                            .withCodec("zstd")
                            .withShutdown(Lab.request().shutdown()))
                    .id();
            SnapshotId own = one.create(Lab.request().withHost("rack-1")).id();
            assertThat(one.await(own, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.AVAILABLE);
            Snapshot waiting = one.get(id);
            assertThat(waiting.phase()).isEqualTo(Phase.REQUESTED);
            assertThat(waiting.waitsFor().orElseThrow()).contains("rack-2");

            SnapshotService both = SnapshotService.builder()
                    .hypervisor("rack-1", lab.host)
                    .hypervisor("rack-2", second)
                    .store(lab.store)
                    .catalog(lab.catalog)
                    .settings(settings(Worker.ANY).build())
                    .clock(lab.clock)
                    .build();
            try (both) {
                assertThat(one.await(id, SnapshotService.settled(), Lab.LONG).status())
                        .isEqualTo(SnapshotStatus.AVAILABLE);
                failing(() -> both.create(Lab.request()), Kind.INVALID);
            }
        }
    }

    @Test
    void limitsHoldOverAllServicesAndWhatWaitsSaysWhy() {
        try (Lab lab = Lab.running()) {
            lab.host.add(Lab.instance("db").running().build());
            Gate gate = lab.store.block(Operation.PUT_PART);
            ServiceSettings settings = settings(Worker.ANY)
                    .limits(ConcurrencyLimits.none().withTransfers(1))
                    .build();
            SnapshotService one = worker(lab, settings, "rack-1");
            SnapshotService two = worker(lab, settings, "rack-1");
            SnapshotId web = one.create(Lab.request()).id();
            one.await(web, s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            SnapshotId db = two.create(request("db")).id();
            Snapshot waiting = one.await(db, SnapshotService.captured(), Lab.LONG);
            assertThat(waiting.status()).isEqualTo(SnapshotStatus.QUEUED);
            assertThat(waiting.phase()).isEqualTo(Phase.WAITING);
            one.await(
                    db,
                    s -> s.waitsFor()
                            .filter(what -> what.contains("1 of 1 transfers run in total"))
                            .isPresent(),
                    Lab.LONG);
            assertThat(lab.catalog.running()).hasSize(1);

            gate.open();
            assertThat(one.await(web, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(one.await(db, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.AVAILABLE);
        }
    }

    /** Services that only work on their own requests keep to common limits all the same. */
    @Test
    void servicesThatWorkOnTheirOwnWaitForEachOther() {
        try (Lab lab = Lab.running()) {
            lab.host.add(Lab.instance("db").running().build());
            Gate gate = lab.store.block(Operation.PUT_PART);
            ServiceSettings settings = settings(Worker.OWN)
                    .limits(ConcurrencyLimits.none().withTransfersPerStore(1))
                    .build();
            SnapshotService one = lab.service(settings);
            SnapshotService two = lab.service(settings);
            SnapshotId web = one.create(Lab.request()).id();
            one.await(web, s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            SnapshotId db = two.create(request("db")).id();
            two.await(
                    db, s -> s.status() == SnapshotStatus.QUEUED && s.waitsFor().isPresent(), Lab.LONG);
            two.changeRetention(db, Retention.ofDays(3));
            gate.open();
            Snapshot stored = two.await(db, SnapshotService.settled(), Lab.LONG);
            assertThat(stored.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(stored.retention().days()).isEqualTo(3);
            lab.settled(one, one.get(web));
        }
    }

    @Test
    void aTenantWithMuchThatWaitsDoesNotKeepAnotherOneWaiting() {
        try (Lab lab = Lab.running()) {
            SnapshotService front = front(lab);
            Tenant large = new Tenant("large");
            Tenant small = new Tenant("small");
            List<SnapshotId> many = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                lab.host.add(Lab.instance("large-" + i).build());
                many.add(front.create(request("large-" + i).withHost("rack-1").withTenant(large))
                        .id());
            }
            // Each snapshot puts one object whole: its manifest.
            Gate first = lab.store.block(Operation.PUT);
            Gate second = lab.store.block(Operation.PUT);
            worker(
                    lab,
                    settings(Worker.ANY)
                            .limits(ConcurrencyLimits.none().withTransfers(1))
                            .build(),
                    "rack-1");
            first.awaitArrival(Lab.LONG);
            lab.host.add(Lab.instance("small").build());
            SnapshotId one = front.create(request("small").withHost("rack-1").withTenant(small))
                    .id();
            many.forEach(id -> front.await(id, SnapshotService.captured(), Lab.LONG));
            // Captured, and let go of by who captured it.
            await().until(() ->
                    lab.catalog.unfinished(SnapshotCatalog.Owners.NONE, Optional.empty(), 10).items().stream()
                            .anyMatch(record ->
                                    record.snapshot().id().equals(one) && record.work() == Work.WAITS_TO_TRANSFER));
            assertThat(front.get(one).phase()).isEqualTo(Phase.WAITING);
            first.open();
            second.awaitArrival(Lab.LONG);
            assertThat(front.get(one).phase())
                    .as("the other tenant's was asked for last and comes next")
                    .isEqualTo(Phase.PUBLISHING);
            second.open();
            many.forEach(id -> front.await(id, SnapshotService.settled(), Lab.LONG));
            assertThat(front.list(SnapshotQuery.all().withTenant(small), Optional.empty(), 10)
                            .items())
                    .extracting(Snapshot::id)
                    .containsExactly(one);
        }
    }

    @Test
    void oneCaptureOfAnInstanceAtATimeWhoeverIsAsked() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            SnapshotService one = worker(lab, settings(Worker.ANY).build(), "rack-1");
            SnapshotService two = worker(lab, settings(Worker.ANY).build(), "rack-1");
            SnapshotId id = one.create(Lab.request()
                            .withShutdown(new ShutdownPolicy(Duration.ofSeconds(25), Duration.ofMillis(100))))
                    .id();
            two.await(id, s -> s.phase() == Phase.STOPPING, Lab.LONG);
            assertThat(failing(() -> two.create(Lab.request()), Kind.CONFLICT)).hasMessageContaining(id.value());

            // Accepted by its name alone, without a look at the instance: found where it is taken.
            SnapshotService front = front(lab);
            SnapshotId unseen = front.create(Lab.request().withHost("rack-1")).id();
            Snapshot refused = front.await(unseen, SnapshotService.settled(), Lab.LONG);
            assertThat(refused.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(refused.failure().orElseThrow().kind()).isEqualTo(Kind.CONFLICT);
            assertThat(refused.failure().orElseThrow().reason()).contains(id.value());
            // A capture that has begun would be waited for when its service is closed.
            two.cancel(id);
        }
    }

    @Test
    void whatWaitsIsCancelledAnywhere() {
        try (Lab lab = Lab.running()) {
            SnapshotService front = front(lab);
            SnapshotId id = front.create(Lab.request().withHost("rack-9")).id();
            SnapshotService worker = worker(lab, settings(Worker.ANY).build(), "rack-1");
            assertThat(worker.cancel(id).status()).isEqualTo(SnapshotStatus.CANCELLED);
            await().until(() -> lab.catalog.find(id).orElseThrow().work() == Work.NONE);
            front.delete(id);
            lab.assertNothingLeft();
        }
    }

    @Test
    void aDeadServicesTransferIsGoneOnWithByAnother() {
        try (Lab lab = Lab.running()) {
            CallGate death = dies();
            MemoryCatalog catalog = MemoryCatalog.create(Clock.systemUTC());
            Gate gate = lab.store.block(Operation.PUT_PART);
            ServiceSettings settings =
                    settings(Worker.ANY).leaseTtl(SHORT_LEASE).build();
            SnapshotService dead = lab.service(settings, lab.host, lab.store, death.around(catalog));
            SnapshotId id = dead.create(Lab.request()).id();
            dead.await(id, s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            death.kill();
            SnapshotService heir = lab.service(settings, lab.host, lab.store, catalog);
            gate.open();
            assertThat(heir.await(id, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.AVAILABLE);
            await().until(() -> lab.host.capture().listHeld().isEmpty());
        }
    }

    @Test
    void anInstanceThatADeadServiceStoppedComesBackByItself() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            CallGate death = dies();
            MemoryCatalog catalog = MemoryCatalog.create(Clock.systemUTC());
            ServiceSettings settings =
                    settings(Worker.ANY).leaseTtl(SHORT_LEASE).build();
            SnapshotService dead = lab.service(settings, death.around(lab.host), lab.store, death.around(catalog));
            SnapshotId id = dead.create(Lab.request()
                            .withShutdown(new ShutdownPolicy(Duration.ofSeconds(25), Duration.ofMillis(100))))
                    .id();
            dead.await(id, s -> s.phase() == Phase.STOPPING, Lab.LONG);
            death.kill();
            lab.host.driver().forceOff(lab.guest.state().id());
            SnapshotService heir = lab.service(settings, lab.host, lab.store, catalog);
            assertThat(heir.await(id, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.FAILED);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
        }
    }

    /** A service that dies between taking work and touching the instance costs nothing. */
    @Test
    void workThatADeadServiceHadOnlyTakenBeginsAgain() {
        try (Lab lab = Lab.running()) {
            CallGate death = CallGate.crashBefore("beginUpload", 1);
            MemoryCatalog catalog = MemoryCatalog.create(Clock.systemUTC());
            ServiceSettings settings =
                    settings(Worker.ANY).leaseTtl(SHORT_LEASE).build();
            SnapshotService dead = lab.service(settings, lab.host, death.around(lab.store), death.around(catalog));
            SnapshotId id = dead.create(Lab.request()).id();
            await().until(death::isDead);
            SnapshotService heir = lab.service(settings, lab.host, lab.store, catalog);
            assertThat(heir.await(id, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(lab.guest.bootCount()).isEqualTo(2);
        }
    }

    @Test
    void aServiceThatIsClosedHandsItsTransfersBack() throws InterruptedException {
        try (Lab lab = Lab.running()) {
            Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService leaving = worker(lab, settings(Worker.ANY).build(), "rack-1");
            SnapshotId id = leaving.create(Lab.request()).id();
            leaving.await(id, s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            Thread closing = new Thread(leaving::close);
            closing.start();
            await().until(() -> lab.catalog.find(id).orElseThrow().work() == Work.WAITS_TO_TRANSFER);
            assertThat(lab.catalog.running()).isEmpty();
            gate.open();
            await().until(() -> !closing.isAlive());
            Snapshot waiting = front(lab).get(id);
            assertThat(waiting.status()).isEqualTo(SnapshotStatus.QUEUED);
            assertThat(waiting.phase()).isEqualTo(Phase.WAITING);

            SnapshotService next = worker(lab, settings(Worker.ANY).build(), "rack-1");
            assertThat(next.await(id, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.AVAILABLE);
            lab.awaitNothingLeft(id);
        }
    }

    @Test
    void aCaptureThatHasBegunComesToItsEndBeforeItsServiceCloses() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            // However slow this thread is, the transfer does not get to its end.
            lab.store.block(Operation.PUT_PART);
            SnapshotService leaving = worker(lab, settings(Worker.ANY).build(), "rack-1");
            SnapshotId id = leaving.create(Lab.request()).id();
            await().until(() -> lab.guest.shutdownEvents() >= 1);
            leaving.close();
            Snapshot queued = front(lab).get(id);
            assertThat(queued.status()).isEqualTo(SnapshotStatus.QUEUED);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            assertThat(lab.catalog.find(id).orElseThrow().work()).isEqualTo(Work.WAITS_TO_TRANSFER);
        }
    }

    @Test
    void aServiceThatRecoversLeavesWhatWaitsForTheFleet() {
        try (Lab lab = Lab.running()) {
            SnapshotId id = front(lab).create(Lab.request().withHost("rack-1")).id();
            SnapshotService recovering = worker(lab, settings(Worker.OWN).build(), "rack-1");
            assertThat(recovering.recover(new Cancellation()).items()).isEmpty();
            assertThat(recovering.get(id).status()).isEqualTo(SnapshotStatus.CAPTURING);
        }
    }

    @Test
    void unnamedSnapshotsAreNamedByTheSecond() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            lab.clock.step(Duration.ofNanos(123_456_789));
            Snapshot first = lab.settled(service, service.create(Lab.request()));
            Snapshot second = lab.settled(service, service.create(Lab.request()));
            assertThat(first.name()).isEqualTo("web 2026-01-01T00:00:00Z");
            assertThat(second.name()).isEqualTo("web 2026-01-01T00:00:00Z (2)");
        }
    }

    @Test
    void aFleetOnPostgresKeepsToItsLimits() {
        String url = PostgresServer.shared().emptySchema();
        try (Lab lab = Lab.running();
                SnapshotCatalog one = Plugins.catalog(URI.create(url));
                SnapshotCatalog two = Plugins.catalog(URI.create(url))) {
            ServiceSettings settings = settings(Worker.ANY)
                    .limits(ConcurrencyLimits.none().withTransfersPerHost(2).withCaptures(3))
                    .build();
            List<SnapshotService> workers = List.of(
                    lab.service(settings, lab.host, lab.store, one), lab.service(settings, lab.host, lab.store, two));
            List<SnapshotId> ids = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                lab.host.add(Lab.instance("vm-" + i).build());
                ids.add(workers.get(i % 2)
                        .create(request("vm-" + i).withTenant(new Tenant("tenant-" + i % 3)))
                        .id());
            }
            await().atMost(Lab.LONG).until(() -> {
                assertThat(one.running().stream().filter(r -> r.work() == Work.TRANSFER))
                        .hasSizeLessThanOrEqualTo(2);
                assertThat(one.running().stream().filter(r -> r.work() == Work.CAPTURE))
                        .hasSizeLessThanOrEqualTo(3);
                return ids.stream()
                        .allMatch(id ->
                                SnapshotService.settled().test(workers.get(0).get(id)));
            });
            assertThat(ids).allMatch(id -> workers.get(1).get(id).status() == SnapshotStatus.AVAILABLE);
        }
    }

    private static CallGate dies() {
        return new CallGate(
                CallGate.Fault.CRASH_BEFORE, Integer.MAX_VALUE, () -> new IllegalStateException("not thrown"));
    }

    private static SnapshotRequest request(String instance) {
        return SnapshotRequest.of(instance)
                .withCodec("zstd")
                .withShutdown(Lab.request().shutdown());
    }

    private static ServiceSettings.Builder settings(Worker worker) {
        return Lab.settings().worker(worker).poll(Duration.ofMillis(50));
    }

    private static SnapshotService worker(Lab lab, ServiceSettings settings, String host) {
        return lab.add(SnapshotService.builder()
                .hypervisor(host, lab.host)
                .store(lab.store)
                .catalog(lab.catalog)
                .settings(settings)
                .clock(lab.clock)
                .build());
    }

    /** Accepts requests, and reaches no host. */
    private static SnapshotService front(Lab lab) {
        return lab.add(SnapshotService.builder()
                .store(lab.store)
                .catalog(lab.catalog)
                .settings(settings(Worker.NONE).build())
                .clock(lab.clock)
                .build());
    }
}
