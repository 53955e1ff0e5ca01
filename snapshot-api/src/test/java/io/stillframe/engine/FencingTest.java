package io.stillframe.engine;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.hypervisor.SimulatedFault;
import io.stillframe.hypervisor.SimulatedGate;
import io.stillframe.hypervisor.SimulatedOperation;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport.Action;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.Work;
import io.stillframe.store.FaultInjectingStore.Gate;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A service that was cut off for longer than its lease, and whose work another one has ended, comes back: nothing of it counts. */
class FencingTest {
    private static final ServiceSettings SETTINGS = Lab.settings()
            .leaseTtl(Duration.ofSeconds(1))
            .interrupted(ServiceSettings.Interrupted.FAIL)
            .build();

    private final MemoryCatalog catalog = MemoryCatalog.create(Clock.systemUTC());
    private final AtomicBoolean cutOff = new AtomicBoolean();

    @Test
    void lateWritesAreRefusedAndNothingIsStored() {
        try (Lab lab = Lab.running()) {
            SnapshotId id = outlived(lab, Operation.PUT_PART, SnapshotStatus.FAILED);
            assertThat(lab.objects.list("", Optional.empty(), 100).items()).isEmpty();
            failing(() -> lab.service(SETTINGS, lab.host, lab.objects, catalog).openDisk(id, "vda"), Kind.CONFLICT);
        }
    }

    /** Both publish the same manifest, of which one counts. */
    @Test
    void aManifestThatComesLateChangesNothing() {
        try (Lab lab = Lab.running()) {
            SnapshotId id = outlived(lab, Operation.PUT, SnapshotStatus.AVAILABLE);
            lab.service(SETTINGS, lab.host, lab.objects, catalog)
                    .openDisk(id, "vda")
                    .close();
        }
    }

    /** Its snapshot was removed meanwhile: nobody reads it any more, and nobody but a sweep would remove it. */
    @Test
    void aManifestThatComesAfterItsSnapshotsRemovalIsSweptWhenItIsOld() {
        try (Lab lab = Lab.running()) {
            Gate gate = lab.store.block(Operation.PUT);
            SnapshotService fenced = lab.service(SETTINGS, lab.host, lab.store, breakable());
            SnapshotId id = fenced.create(Lab.request()).id();
            gate.awaitArrival(Lab.LONG);
            cutOff.set(true);
            SnapshotService successor = lab.service(SETTINGS, lab.host, lab.objects, catalog);
            successor.recover(new Cancellation());
            await().until(() -> catalog.find(id).orElseThrow().work() == Work.NONE);
            successor.delete(id);
            lab.assertNothingLeft();

            cutOff.set(false);
            gate.open();
            fenced.close();
            assertThat(lab.objects.list("", Optional.empty(), 10).items())
                    .singleElement()
                    .satisfies(late -> assertThat(late.key().value()).endsWith("manifest.json"));
            lab.clock.set(Instant.now());
            assertThat(successor.sweep(SweepMode.REMOVE, new Cancellation()).count(Action.REMOVED))
                    .as("young")
                    .isZero();
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));
            assertThat(successor.sweep(SweepMode.REMOVE, new Cancellation()).count(Action.REMOVED))
                    .isEqualTo(1);
            lab.assertNothingLeft();
        }
    }

    /** Its last shutdown event is long past by then, and the guest still runs when the other service looks at it first. */
    @Test
    void aHardStopThatComesLateIsWatchedFor() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            SimulatedGate gate = new SimulatedGate();
            lab.host.faults().next(SimulatedOperation.FORCE_OFF, SimulatedFault.blocked(gate));
            // At the last one within the window.
            lab.host
                    .faults()
                    .nth(
                            SimulatedOperation.REQUEST_SHUTDOWN,
                            2,
                            SimulatedFault.meanwhileAfter(() -> lab.clock.step(Duration.ofHours(1))));
            SnapshotId id = lab.service()
                    .create(Lab.request()
                            .withShutdown(new ShutdownPolicy(Duration.ofMillis(1500), Duration.ofMillis(1000))))
                    .id();
            gate.awaitArrival(Lab.LONG);
            lab.letLeasesRunOut();

            long looks = lab.host.faults().count(SimulatedOperation.OBSERVE);
            SnapshotService successor =
                    lab.service(Lab.settings().stopGrace(Lab.LONG).build());
            CompletableFuture<RecoveryReport> recovery =
                    CompletableFuture.supplyAsync(() -> successor.recover(new Cancellation()));
            await().until(() -> recovery.isDone() || lab.host.faults().count(SimulatedOperation.OBSERVE) > looks);
            gate.open();
            recovery.orTimeout(60, TimeUnit.SECONDS).join();
            Snapshot failed = successor.await(id, SnapshotService.settled(), Lab.LONG);
            assertThat(failed.status()).isEqualTo(SnapshotStatus.FAILED);
            await().untilAsserted(() -> {
                assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
                assertThat(lab.guest.bootCount()).as("it was off in between").isEqualTo(2);
            });
            lab.awaitNothingLeft();
        }
    }

    /** A service is cut off in the middle of a call; another one ends its work before it comes back. */
    private SnapshotId outlived(Lab lab, Operation at, SnapshotStatus ended) {
        Gate gate = lab.store.block(at);
        SnapshotService fenced = lab.service(SETTINGS, lab.host, lab.store, breakable());
        SnapshotId id = fenced.create(Lab.request()).id();
        gate.awaitArrival(Lab.LONG);
        cutOff.set(true);

        SnapshotService successor = lab.service(SETTINGS, lab.host, lab.objects, catalog);
        successor.recover(new Cancellation());
        await().until(() -> catalog.find(id).orElseThrow().work() == Work.NONE);
        Snapshot left = successor.get(id);
        assertThat(left.status()).isEqualTo(ended);
        List<JournalEntry> journal = catalog.journal(id);

        cutOff.set(false);
        gate.open();
        fenced.close();
        assertThat(successor.get(id)).isEqualTo(left);
        assertThat(catalog.journal(id)).isEqualTo(journal);
        assertThat(lab.host.capture().listHeld()).isEmpty();
        lab.assertNothingLeft(id);
        return id;
    }

    private SnapshotCatalog breakable() {
        return (SnapshotCatalog) Proxy.newProxyInstance(
                SnapshotCatalog.class.getClassLoader(),
                new Class<?>[] {SnapshotCatalog.class},
                (proxy, method, args) -> {
                    if (cutOff.get()) {
                        throw SnapshotException.transientFault("cut off", null);
                    }
                    try {
                        return method.invoke(catalog, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
