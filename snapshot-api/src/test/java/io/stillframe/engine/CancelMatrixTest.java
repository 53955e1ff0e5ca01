package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.AgentBehaviour;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.PowerState;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.testing.CallPoint;
import io.stillframe.testing.CallPoints;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A snapshot is cancelled, and deleted while its store cannot be reached, in the middle of every call that has an effect. */
class CancelMatrixTest {
    private static final int RUNS_AT_ONCE = 8;

    record Scenario(ShutdownBehaviour guest, AgentBehaviour agent, SnapshotRequest request, boolean onVolumes) {
        Lab lab() {
            Lab lab = onVolumes ? Lab.onVolumes(guest) : new Lab(guest);
            lab.guest.agent(agent);
            return lab;
        }
    }

    static Stream<Scenario> scenarios() {
        return Stream.of(
                new Scenario(ShutdownBehaviour.obeys(), AgentBehaviour.ABSENT, Lab.request(), false),
                new Scenario(
                        ShutdownBehaviour.obeys(),
                        AgentBehaviour.ANSWERS,
                        Lab.request().withCapture(CaptureMode.LIVE),
                        false),
                new Scenario(ShutdownBehaviour.obeys(), AgentBehaviour.ABSENT, Lab.request(), true));
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void cancelledInTheMiddleOfEveryCall(Scenario scenario) {
        atEveryPoint(scenario, point -> {
            try (Lab lab = scenario.lab();
                    Pause pause = new Pause(point)) {
                SnapshotService service = pause.service(lab);
                SnapshotId id = service.create(scenario.request()).id();
                pause.awaitPoint(service, id);
                CompletableFuture<Snapshot> cancelled = CompletableFuture.supplyAsync(() -> service.cancel(id));
                pause.goOn();

                Snapshot settled = cancelled.orTimeout(60, TimeUnit.SECONDS).join();

                assertThat(settled.status()).as("%s", point).isIn(SnapshotStatus.CANCELLED, SnapshotStatus.AVAILABLE);
                service.await(id, SnapshotService.settled(), Lab.LONG);
                assertUnharmed(lab, point);
                lab.awaitNothingLeft(
                        settled.status() == SnapshotStatus.AVAILABLE ? new SnapshotId[] {id} : new SnapshotId[0]);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void deletedInTheMiddleOfEveryCallWhileTheStoreCannotBeReached(Scenario scenario) {
        atEveryPoint(scenario, point -> {
            try (Lab lab = scenario.lab();
                    Pause pause = new Pause(point)) {
                SnapshotService service = pause.service(lab);
                SnapshotId id = service.create(scenario.request()).id();
                pause.awaitPoint(service, id);
                makeUnreachable(lab);
                CompletableFuture<Void> deleted = CompletableFuture.runAsync(() -> service.delete(id));
                pause.goOn();
                boolean done = ended(deleted, point);
                if (!done) {
                    assertThat(service.get(id).status()).as("%s", point).isEqualTo(SnapshotStatus.DELETING);
                }
                assertUnharmed(lab, point);

                lab.store.heal();
                if (!done) {
                    service.recover(new Cancellation());
                }

                await("" + point)
                        .atMost(Lab.LONG)
                        .until(() -> lab.catalog.find(id).isEmpty());
                lab.awaitNothingLeft();
            }
        });
    }

    @Test
    void aDeletionThatTheStoreHeldUpGoesOnByItself() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service(
                    Lab.settings().expiry(ServiceSettings.Expiry.TIMER).build());
            SnapshotId id = lab.settled(service, service.create(Lab.request())).id();
            makeUnreachable(lab);
            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> service.delete(id))
                    .matches(e -> e.kind() == Kind.TRANSIENT);
            assertThat(service.get(id).status()).isEqualTo(SnapshotStatus.DELETING);

            lab.store.heal();

            await().atMost(Lab.LONG).until(() -> lab.catalog.find(id).isEmpty());
            lab.awaitNothingLeft();
        }
    }

    private static void makeUnreachable(Lab lab) {
        for (FaultInjectingStore.Operation operation : FaultInjectingStore.Operation.values()) {
            lab.store.failAlways(operation, Kind.TRANSIENT);
        }
    }

    /** Whether it was deleted at once; else it said that something is left. */
    private static boolean ended(CompletableFuture<Void> deletion, CallPoint point) {
        try {
            deletion.orTimeout(60, TimeUnit.SECONDS).join();
            return true;
        } catch (CompletionException e) {
            assertThat(e.getCause()).as("%s", point).isInstanceOf(SnapshotException.class);
            assertThat(((SnapshotException) e.getCause()).kind())
                    .as("%s", point)
                    .isEqualTo(Kind.TRANSIENT);
            return false;
        }
    }

    private static void assertUnharmed(Lab lab, CallPoint point) {
        assertThat(lab.guest.state().power()).as("%s", point).isEqualTo(PowerState.RUNNING);
        assertThat(lab.guest.isFrozen()).as("%s", point).isFalse();
    }

    private static void atEveryPoint(Scenario scenario, Consumer<CallPoint> run) {
        ExecutorService runs = Executors.newFixedThreadPool(RUNS_AT_ONCE);
        try {
            List<CompletableFuture<Void>> all = points(scenario).stream()
                    .map(point -> CompletableFuture.runAsync(() -> run.accept(point), runs))
                    .toList();
            all.forEach(CompletableFuture::join);
        } finally {
            runs.shutdownNow();
        }
    }

    /** What an undisturbed run passes; what timers do is left out. */
    private static Set<CallPoint> points(Scenario scenario) {
        ConcurrentLinkedQueue<CallPoint> passed = new ConcurrentLinkedQueue<>();
        CallPoints points = new CallPoints(passed::add);
        try (Lab lab = scenario.lab()) {
            SnapshotService service = lab.service(
                    Lab.settings().build(),
                    points.around(lab.host.connect()),
                    points.around(lab.store),
                    points.around(lab.catalog));
            lab.settled(service, service.create(scenario.request()));
        }
        Set<CallPoint> kept = new LinkedHashSet<>();
        passed.stream()
                .filter(point -> !point.call().matches("(lease|tick|caller): .*"))
                .forEach(kept::add);
        assertThat(kept).hasSizeGreaterThan(scenario.onVolumes() ? 20 : 40);
        return kept;
    }

    /** Stops a service's thread at a point until it is told to go on. */
    private static final class Pause implements AutoCloseable {
        private final CallPoint at;
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);
        private final CallPoints points = new CallPoints(this::visit);

        Pause(CallPoint at) {
            this.at = at;
        }

        SnapshotService service(Lab lab) {
            return lab.service(
                    Lab.settings().build(),
                    points.around(lab.host.connect()),
                    points.around(lab.store),
                    points.around(lab.catalog));
        }

        private void visit(CallPoint point) {
            if (point.equals(at)) {
                reached.countDown();
                try {
                    assertThat(goOn.await(1, TimeUnit.MINUTES)).isTrue();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        /** Or the end, if this run does not pass it. */
        void awaitPoint(SnapshotService service, SnapshotId id) {
            await().atMost(Lab.LONG)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() ->
                            reached.getCount() == 0 || SnapshotService.settled().test(service.get(id)));
        }

        void goOn() {
            goOn.countDown();
        }

        @Override
        public void close() {
            goOn();
        }
    }
}
