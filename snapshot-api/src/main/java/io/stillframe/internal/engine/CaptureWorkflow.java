package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.CaptureReport;
import io.stillframe.model.Consistency;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Downtime;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BootId;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.FreezeOutcome;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.Work;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes one snapshot's point in time: from the request to {@code QUEUED}. What will be owed to the instance is durable before the
 * instance is touched; whatever is thrown, the job's obligations say what is still owed. For one thread, once.
 */
final class CaptureWorkflow {
    private static final Logger LOG = LoggerFactory.getLogger(CaptureWorkflow.class);

    static final String POWER = "power-on";
    static final String THAW = "thaw";
    static final String HOLD = "hold";
    private static final int HOLD_ATTEMPTS = 3;

    private final Installation installation;
    private final Preflight preflight;
    private final Retries retries;
    private final Job job;
    private final SnapshotRequest request;
    private final OwnedRecord record;
    private final DiskCapture capture;
    private final InstanceControl instance;
    private final List<String> notes = new ArrayList<>();

    CaptureWorkflow(Installation installation, Preflight preflight, Retries retries, Job job, SnapshotRequest request) {
        this.installation = installation;
        this.preflight = preflight;
        this.retries = retries;
        this.job = job;
        this.request = request;
        this.record = job.record();
        Hypervisor hypervisor =
                installation.requireHypervisor(record.snapshot().instance().hypervisor());
        this.capture = hypervisor.capture();
        this.instance = new InstanceControl(
                hypervisor.driver(), record.snapshot().instance().id());
    }

    /**
     * When it returns, the point in time is held, the instance is back and the snapshot {@code QUEUED}; or that point in time is kept on
     * volumes, and nothing is held any more.
     */
    void run() {
        take();
        if (VolumeKeeping.isOwed(record.record())) {
            new VolumeKeeping(installation, retries, job).run();
        }
    }

    private void take() {
        preflight.checkStore(job);
        job.cancellation().check();
        InstanceState state = retries.call("observing the instance", job.cancellation(), instance::observe);
        Preflight.requireCapturable(state, request.capture(), instance.driver());
        if (state.isOff()) {
            captureStopped();
        } else if (request.capture() == CaptureMode.LIVE) {
            captureLive(state);
        } else {
            captureByShutdown(state);
        }
    }

    private void captureStopped() {
        CapturePlan plan = plan();
        journalHold(plan);
        hold(plan);
        Instant pointInTime = installation.clock().instant();
        Consistency consistency = ifStayedOff(Consistency.ALREADY_OFF);
        queue(plan, report(consistency, pointInTime, Downtime.none(), 0, 0));
    }

    private void captureByShutdown(InstanceState running) {
        record.intent(
                POWER,
                "was running as boot " + running.boot().map(BootId::value).orElse("unknown"));
        record.update(s ->
                s.toBuilder().owes(Obligation.POWER_ON).phase(Phase.STOPPING).build());
        long asked = System.nanoTime();
        GuestShutdown.Stopped stopped = stop(running);
        long off = System.nanoTime();
        notes.addAll(stopped.notes());

        CapturePlan plan = plan();
        journalHold(plan);
        hold(plan);
        Instant pointInTime = installation.clock().instant();
        long held = System.nanoTime();
        Consistency consistency = ifStayedOff(stopped.consistency());
        powerOn();
        long on = System.nanoTime();

        record.receipt(POWER, "running again");
        Downtime downtime = new Downtime(between(asked, off), between(off, held), between(held, on));
        queue(plan, report(consistency, pointInTime, downtime, stopped.events(), stopped.reboots()));
    }

    private void captureLive(InstanceState running) {
        CapturePlan plan = plan();
        record.intent(HOLD, "live");
        record.change(r -> Attributes.withPlan(r, plan)
                .with(r.snapshot().toBuilder()
                        .owes(Obligation.THAW)
                        .owes(Obligation.RELEASE)
                        .phase(Phase.FREEZING)
                        .build()));
        long frozenAt = System.nanoTime();
        Consistency achieved = freeze();
        hold(plan);
        Instant pointInTime = installation.clock().instant();
        long held = System.nanoTime();
        if (achieved == Consistency.QUIESCED) {
            untilDone("thawing the guest", instance::thaw);
        }
        long thawed = System.nanoTime();

        Downtime downtime = achieved == Consistency.QUIESCED
                ? new Downtime(Duration.ZERO, between(frozenAt, held), between(held, thawed))
                : Downtime.none();
        queue(plan, report(ifSameBoot(achieved, running), pointInTime, downtime, 0, 0));
    }

    private GuestShutdown.Stopped stop(InstanceState running) {
        try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.SHUTDOWN, record.snapshot())) {
            GuestShutdown.Stopped stopped =
                    new GuestShutdown(job, instance, running, request.shutdown(), retries).run();
            span.done(stopped.consistency().name());
            return stopped;
        }
    }

    /** The truth of this moment: what was planned when the request came may be out of date. */
    private CapturePlan plan() {
        CapturePlan plan = retries.call(
                "planning the capture",
                job.cancellation(),
                () -> capture.plan(job.id(), instance.observe(), request.disks()));
        if (record.snapshot().volumes().isPresent()) {
            planKeep(plan);
        }
        return plan;
    }

    private VolumeSnapshot planKeep(CapturePlan plan) {
        return VolumeAccess.require(installation, record.snapshot().instance().hypervisor())
                .planKeep(plan);
    }

    private Consistency freeze() {
        HypervisorDriver driver = instance.driver();
        if (!driver.features().contains(HypervisorDriver.Feature.FREEZE)) {
            return notQuiesced("this hypervisor's driver cannot freeze file systems");
        }
        record.assureLease();
        try {
            FreezeOutcome outcome =
                    driver.freeze(instance.id(), installation.settings().freezeDeadline());
            return outcome instanceof FreezeOutcome.Unavailable unavailable
                    ? notQuiesced(unavailable.reason())
                    : Consistency.QUIESCED;
        } catch (SnapshotException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                throw e;
            }
            untilDone("thawing the guest", instance::thaw);
            return notQuiesced(String.valueOf(e.getMessage()));
        }
    }

    private Consistency notQuiesced(String reason) {
        notes.add("the file systems were not frozen: " + reason);
        return Consistency.CRASH_CONSISTENT;
    }

    private void journalHold(CapturePlan plan) {
        job.cancellation().check();
        record.change(r -> Attributes.withPlan(r, plan)
                .with(r.snapshot().toBuilder()
                        .owes(Obligation.RELEASE)
                        .phase(Phase.HOLDING)
                        .build()));
        record.intent(HOLD, capture.name() + " of " + plan.disks().size() + " disks");
    }

    /** The instance waits for this: few attempts, short pauses. It may be asked for again, so a lost answer is asked for again. */
    private void hold(CapturePlan plan) {
        try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.HOLD, record.snapshot())) {
            begin(plan);
            span.done(capture.name());
        }
    }

    private void begin(CapturePlan plan) {
        record.assureLease();
        for (int failures = 1; ; failures++) {
            job.cancellation().check();
            try {
                capture.begin(plan);
                return;
            } catch (SnapshotException e) {
                boolean again = e.retryable() || e.kind() == Kind.OUTCOME_UNKNOWN;
                if (!again || failures >= HOLD_ATTEMPTS) {
                    throw e;
                }
                LOG.warn("holding the point in time failed, trying again: {}", e.getMessage());
                retries.pause(failures, job.cancellation());
            }
        }
    }

    private void powerOn() {
        try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.POWER_ON, record.snapshot())) {
            untilDone("powering the instance on", instance::powerOn);
            span.done("running again");
        }
        job.startedAnew();
    }

    /** Tries until it is done, the instance exists no more, or the job is told to stop; the duty stays written down then. */
    private void untilDone(String what, Runnable duty) {
        for (int failures = 1; ; failures++) {
            try {
                duty.run();
                return;
            } catch (SnapshotException e) {
                if (e.kind() == Kind.NOT_FOUND) {
                    notes.add("the instance was removed by somebody else meanwhile");
                    return;
                }
                LOG.error("{} failed, attempt {}, trying again: {}", what, failures, e.getMessage());
                notes.add(what + " failed at attempt " + failures + ": " + e.getMessage());
                showResuming(failures);
                retries.pause(failures, job.cancellation());
            }
        }
    }

    private void showResuming(int failures) {
        if (record.isFenced()) {
            throw new SnapshotException(Kind.FENCED, "another process has taken over; it sees to the instance");
        }
        if (failures == 1) {
            record.update(s -> s.toBuilder().phase(Phase.RESUMING).build());
        }
    }

    /** A person may have started the instance while its disks were being held; the point in time is then no clean one. */
    private Consistency ifStayedOff(Consistency achieved) {
        return confirmed(
                achieved,
                InstanceState::isOff,
                "the instance was started by somebody else before the point in time was held");
    }

    private Consistency ifSameBoot(Consistency achieved, InstanceState before) {
        return achieved != Consistency.QUIESCED
                ? achieved
                : confirmed(
                        achieved,
                        now -> now.boot().equals(before.boot()),
                        "the instance stopped or rebooted while the point in time was being held");
    }

    private Consistency confirmed(Consistency achieved, Predicate<InstanceState> expected, String otherwise) {
        try {
            if (expected.test(instance.observe())) {
                return achieved;
            }
            notes.add(otherwise);
        } catch (SnapshotException e) {
            notes.add("it could not be verified that the instance stayed as it was: " + e.getMessage());
        }
        return Consistency.CRASH_CONSISTENT;
    }

    private CaptureReport report(
            Consistency consistency, Instant pointInTime, Downtime downtime, int events, int reboots) {
        return new CaptureReport(request.capture(), consistency, pointInTime, downtime, events, reboots, notes);
    }

    private void queue(CapturePlan plan, CaptureReport report) {
        if (record.snapshot().volumes().isPresent()) {
            record.change(r -> Attributes.withKept(r, planKeep(plan))
                    .with(queued(r.snapshot(), plan, report).toBuilder()
                            .phase(Phase.KEEPING)
                            .build()));
        } else {
            record.change(r -> r.with(queued(r.snapshot(), plan, report)).withWork(Work.WAITS_TO_TRANSFER));
        }
        record.receipt(HOLD, report.consistency().name());
        LOG.info(
                "point in time held, consistency {}, instance down for {} ms",
                report.consistency(),
                report.downtime().total().toMillis());
    }

    private Snapshot queued(Snapshot snapshot, CapturePlan plan, CaptureReport report) {
        List<DiskSnapshot> disks = plan.disks().stream().map(this::notYetStored).toList();
        return snapshot.toBuilder()
                .status(SnapshotStatus.QUEUED)
                .phase(Phase.WAITING)
                .capture(report)
                .disks(disks)
                .discharged(Obligation.POWER_ON)
                .discharged(Obligation.THAW)
                .build();
    }

    private DiskSnapshot notYetStored(CapturePlan.Disk disk) {
        return new DiskSnapshot(
                disk.device(),
                disk.role(),
                disk.format(),
                disk.virtualSize(),
                request.codec(),
                Optional.empty(),
                0,
                0,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of());
    }

    private static Duration between(long from, long to) {
        return Duration.ofNanos(Math.max(0, to - from));
    }
}
