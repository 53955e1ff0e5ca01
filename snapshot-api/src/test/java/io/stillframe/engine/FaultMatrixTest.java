package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.engine.CallGate.Fault;
import io.stillframe.hypervisor.AgentBehaviour;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.image.DiskCopy;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.PowerState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that can go wrong at every single call that the engine makes to a plugin between the request and the release, found by
 * counting and not by a list: the call fails, its answer is lost, or the process dies before or after it.
 */
class FaultMatrixTest {
    private static final int RUNS_AT_ONCE = 8;
    private static final Duration LONG_LEASE = Duration.ofHours(1);

    record Scenario(
            String name, ShutdownBehaviour guest, AgentBehaviour agent, SnapshotRequest request, boolean onVolumes) {
        Scenario(String name, ShutdownBehaviour guest, AgentBehaviour agent, SnapshotRequest request) {
            this(name, guest, agent, request, false);
        }

        Lab lab() {
            Lab lab = onVolumes ? Lab.onVolumes(guest) : new Lab(guest);
            lab.guest.agent(agent);
            return lab;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Scenario> scenarios() {
        return Stream.of(
                new Scenario("obeys", ShutdownBehaviour.obeys(), AgentBehaviour.ABSENT, Lab.request()),
                new Scenario(
                        "obeys late",
                        ShutdownBehaviour.obeysAfter(Duration.ofMillis(60)),
                        AgentBehaviour.ABSENT,
                        Lab.request()),
                new Scenario(
                        "ignores",
                        ShutdownBehaviour.ignores(),
                        AgentBehaviour.ABSENT,
                        Lab.request().withShutdown(new ShutdownPolicy(Duration.ofMillis(150), Duration.ofMillis(100)))),
                new Scenario(
                        "live",
                        ShutdownBehaviour.obeys(),
                        AgentBehaviour.ANSWERS,
                        Lab.request().withCapture(CaptureMode.LIVE)),
                new Scenario("on volumes", ShutdownBehaviour.obeys(), AgentBehaviour.ABSENT, Lab.request(), true),
                new Scenario(
                        "live on volumes",
                        ShutdownBehaviour.obeys(),
                        AgentBehaviour.ANSWERS,
                        Lab.request().withCapture(CaptureMode.LIVE),
                        true));
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void everyCallFailsOnceForAPassingReason(Scenario scenario) {
        failEveryCall(scenario, Fault.FAIL_BEFORE, () -> SnapshotException.transientFault("injected", null));
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void everyCallFailsForGood(Scenario scenario) {
        failEveryCall(scenario, Fault.FAIL_BEFORE, () -> SnapshotException.permanent("injected", null));
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void everyCallsAnswerIsLost(Scenario scenario) {
        failEveryCall(scenario, Fault.FAIL_AFTER, () -> new SnapshotException(Kind.OUTCOME_UNKNOWN, "injected"));
    }

    @Test
    void everyCallBreaksTheContractOfErrors() {
        failEveryCall(
                scenarios().findFirst().orElseThrow(), Fault.FAIL_BEFORE, () -> new IllegalStateException("injected"));
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void theProcessDiesBeforeEveryCall(Scenario scenario) {
        crashAtEveryCall(scenario, Fault.CRASH_BEFORE);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void theProcessDiesAfterEveryCall(Scenario scenario) {
        crashAtEveryCall(scenario, Fault.CRASH_AFTER);
    }

    private static void failEveryCall(Scenario scenario, Fault fault, Supplier<RuntimeException> failure) {
        atEveryCall(call -> {
            CallGate gate = new CallGate(fault, call, failure);
            try (Lab lab = scenario.lab()) {
                return failOnce(lab, scenario, gate, call);
            }
        });
    }

    /** Until a run had fewer calls; several runs at once, since most of their time is waiting. */
    private static void atEveryCall(IntPredicate run) {
        ExecutorService runs = Executors.newFixedThreadPool(RUNS_AT_ONCE);
        try {
            boolean reached = true;
            for (int from = 1; reached; from += RUNS_AT_ONCE) {
                List<CompletableFuture<Boolean>> batch = IntStream.range(from, from + RUNS_AT_ONCE)
                        .mapToObj(call -> CompletableFuture.supplyAsync(() -> run.test(call), runs))
                        .toList();
                reached = batch.stream().map(CompletableFuture::join).reduce(true, Boolean::logicalAnd);
            }
        } finally {
            runs.shutdownNow();
        }
    }

    private static boolean failOnce(Lab lab, Scenario scenario, CallGate gate, int call) {
        SnapshotService service = through(gate, lab);
        Optional<SnapshotId> id = create(service, scenario);
        String what = scenario + ", call " + call + ", " + gate.hit();
        if (id.isPresent()) {
            awaitEnd(gate, lab, id.get(), what);
        }
        service.close();
        try (SnapshotService other = lab.service()) {
            other.recover(new Cancellation());
        }
        assertThat(lab.guest.state().power()).as(what).isEqualTo(PowerState.RUNNING);
        assertThat(lab.guest.isFrozen()).as(what).isFalse();
        assertSettled(lab, what);
        return !gate.hit().isEmpty();
    }

    private static void crashAtEveryCall(Scenario scenario, Fault fault) {
        atEveryCall(call -> {
            CallGate gate = new CallGate(fault, call, () -> new IllegalStateException("not thrown"));
            try (Lab lab = scenario.lab()) {
                return crashOnce(lab, scenario, gate, call);
            }
        });
    }

    private static boolean crashOnce(Lab lab, Scenario scenario, CallGate gate, int call) {
        SnapshotService first = through(gate, lab);
        Optional<SnapshotId> id = create(first, scenario);
        String what = scenario + ", dead at call " + call + ", " + gate.hit();
        if (id.isPresent()) {
            awaitEnd(gate, lab, id.get(), what);
        }
        gate.kill();
        first.close();
        lab.letLeasesRunOut();
        try (SnapshotService second = lab.service()) {
            RecoveryReport report = second.recover(new Cancellation());
            assertThat(report.with(RecoveryReport.Outcome.STILL_OWED))
                    .as("%s: %s", what, report)
                    .isEmpty();
            report.with(RecoveryReport.Outcome.RESUMED)
                    .forEach(resumed -> second.await(resumed, SnapshotService.settled(), Lab.LONG));
        }
        assertThat(lab.guest.state().power()).as("%s", what).isEqualTo(PowerState.RUNNING);
        assertThat(lab.guest.isFrozen()).as(what).isFalse();
        assertSettled(lab, what);
        return !gate.hit().isEmpty();
    }

    private static SnapshotService through(CallGate gate, Lab lab) {
        return lab.service(
                Lab.settings().leaseTtl(LONG_LEASE).build(),
                gate.around(lab.host.connect()),
                gate.around(lab.store),
                gate.around(lab.catalog));
    }

    private static Optional<SnapshotId> create(SnapshotService service, Scenario scenario) {
        try {
            return Optional.of(service.create(scenario.request()).id());
        } catch (RuntimeException | CallGate.Crash e) {
            return Optional.empty();
        }
    }

    /** Until the snapshot is settled, or its process dead. Looked at behind the gate, so that looking is not counted. */
    private static void awaitEnd(CallGate gate, Lab lab, SnapshotId id, String what) {
        await(what).atMost(Lab.LONG).pollInterval(Duration.ofMillis(2)).until(() -> {
            Optional<Snapshot> now = lab.catalog.find(id).map(record -> record.snapshot());
            return gate.isDead() || now.isEmpty() || SnapshotService.settled().test(now.get());
        });
    }

    private static void assertSettled(Lab lab, String what) {
        List<Snapshot> all = lab.catalog.list(Optional.empty(), 100).items().stream()
                .map(record -> record.snapshot())
                .toList();
        assertThat(all).as(what).hasSizeLessThanOrEqualTo(1);
        for (Snapshot snapshot : all) {
            assertThat(snapshot.status())
                    .as("%s: %s", what, snapshot)
                    .isIn(SnapshotStatus.AVAILABLE, SnapshotStatus.FAILED);
            snapshot.failure().ifPresent(f -> assertThat(f.reason()).as(what).isNotBlank());
        }
        SnapshotId[] available = all.stream()
                .filter(s -> s.status() == SnapshotStatus.AVAILABLE)
                .map(Snapshot::id)
                .toArray(SnapshotId[]::new);
        lab.assertNothingLeft(available);
        all.stream().filter(s -> s.status() == SnapshotStatus.AVAILABLE).forEach(s -> assertReadable(lab, s, what));
    }

    private static void assertReadable(Lab lab, Snapshot snapshot, String what) {
        try (SnapshotService reader = lab.service()) {
            snapshot.disks().forEach(disk -> {
                try (BlockSource source = reader.openDisk(snapshot.id(), disk.device())) {
                    assertThat(DiskCopy.digest(
                                    source, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none()))
                            .as(what)
                            .isEqualTo(disk.content().orElseGet(() -> digest(lab, disk)));
                }
            });
        }
    }

    /** What the instance, which writes nothing, has. */
    private static Digest digest(Lab lab, DiskSnapshot disk) {
        try (BlockSource original = lab.guest.content(disk.device())) {
            return DiskCopy.digest(original, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
        }
    }
}
