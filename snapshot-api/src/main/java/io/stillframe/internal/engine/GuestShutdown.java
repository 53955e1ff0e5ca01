package io.stillframe.internal.engine;

import io.stillframe.model.Consistency;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BootId;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.StopCause;
import io.stillframe.spi.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops one running guest by a shutdown policy: events at once and at every interval within the window, then the hard stop. Waits are
 * driven by the hypervisor's events, with polling as a safety net. A boot identity that changed is a guest that rebooted itself, also
 * when its off-state was never seen; the events go on then. For one thread, once.
 */
final class GuestShutdown {
    private static final Logger LOG = LoggerFactory.getLogger(GuestShutdown.class);
    private static final long POLL_NANOS = Duration.ofMillis(500).toNanos();

    /** Journal step: an event that the guest may obey at any later moment. */
    static final String EVENT = "shutdown-event";

    /** Journal step: a hard stop that a process which stands still may yet carry out. */
    static final String FORCE = "force-off";

    /**
     * How it went.
     *
     * @param consistency GUEST_SHUTDOWN only if the guest stopped itself
     * @param events events that were sent
     * @param reboots how often the guest rebooted itself instead
     * @param notes for the capture's report
     */
    record Stopped(Consistency consistency, int events, int reboots, List<String> notes) {}

    private final Job job;
    private final InstanceControl instance;
    private final ShutdownPolicy policy;
    private final Retries retries;
    private final List<String> notes = new ArrayList<>();
    private Optional<BootId> boot;
    private Optional<SnapshotException> unsent = Optional.empty();
    private int events;
    private int reboots;

    GuestShutdown(Job job, InstanceControl instance, InstanceState running, ShutdownPolicy policy, Retries retries) {
        this.job = job;
        this.instance = instance;
        this.policy = policy;
        this.retries = retries;
        this.boot = running.boot();
    }

    /**
     * Stops the guest. The duty to power it on again is durable already.
     *
     * @throws SnapshotException CANCELLED; NOT_FOUND if the instance vanished; PERMANENT and others if it cannot be stopped
     */
    @SuppressWarnings("try") // the subscription only has to last
    Stopped run() {
        HypervisorDriver driver = instance.driver();
        boolean watched = driver.features().contains(HypervisorDriver.Feature.EVENTS);
        try (Subscription changes = watched ? watch(driver) : () -> {}) {
            return askWithinWindow().orElseGet(this::force);
        }
    }

    private Subscription watch(HypervisorDriver driver) {
        try {
            return driver.watch(instance.id(), job.signal()::raise);
        } catch (SnapshotException e) {
            LOG.info("the hypervisor's events are not available, polling instead: {}", e.getMessage());
            return () -> {};
        }
    }

    private Optional<Stopped> askWithinWindow() {
        long deadline = System.nanoTime() + policy.window().toNanos();
        long nextEvent = System.nanoTime();
        while (true) {
            job.cancellation().check();
            if (System.nanoTime() - nextEvent >= 0) {
                nextEvent = System.nanoTime() + policy.interval().toNanos();
                sendEvent();
            }
            Optional<Stopped> stopped = look();
            long now = System.nanoTime();
            if (stopped.isPresent() || now - deadline >= 0) {
                return stopped;
            }
            job.signal().await(Math.min(POLL_NANOS, Math.min(nextEvent, deadline) - now));
        }
    }

    private void sendEvent() {
        job.record().assureLease();
        job.record().intent(EVENT, "event " + (events + 1));
        job.shutdownEventSent(0);
        try {
            instance.driver().requestShutdown(instance.id());
            events++;
            LOG.info("shutdown event {} sent", events);
        } catch (SnapshotException e) {
            if (e.kind() == Kind.NOT_FOUND || e.kind() == Kind.UNSUPPORTED) {
                throw e;
            }
            if (e.kind() == Kind.OUTCOME_UNKNOWN) {
                events++;
            }
            unsent = Optional.of(e);
            notes.add("a shutdown event failed: " + e.getMessage());
            LOG.warn("a shutdown event failed, the next one follows: {}", e.getMessage());
        }
    }

    private Optional<Stopped> look() {
        try {
            return judge(instance.observe());
        } catch (SnapshotException e) {
            if (!e.retryable()) {
                throw e;
            }
            LOG.warn("the instance could not be observed, looking again: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Stopped> judge(InstanceState state) {
        if (state.isOff()) {
            return Optional.of(stoppedItself(state.stopCause().orElse(StopCause.UNKNOWN)));
        }
        if (!state.boot().equals(boot)) {
            boot = state.boot();
            reboots++;
            notes.add("the guest rebooted itself instead of stopping; shutdown events went on");
            LOG.info("the guest rebooted itself instead of stopping, going on");
        }
        return Optional.empty();
    }

    private Stopped stoppedItself(StopCause cause) {
        if (cause == StopCause.GUEST) {
            return stopped(Consistency.GUEST_SHUTDOWN);
        }
        notes.add(
                switch (cause) {
                    case CRASHED -> "the guest crashed while it was asked to shut down";
                    case FORCED -> "somebody else stopped the instance hard while its guest was asked to shut down";
                    default -> "the hypervisor does not know why the instance went off; it is not called a clean stop";
                });
        return stopped(Consistency.FORCED);
    }

    private Stopped force() {
        if (events == 0) {
            throw unsent.orElseThrow();
        }
        LOG.warn("the guest did not stop within {}, stopping it hard", policy.window());
        job.record().assureLease();
        job.record().intent(FORCE, "window of " + policy.window() + " exceeded after " + events + " events");
        for (int failures = 1; ; failures++) {
            try {
                instance.forceOff();
                InstanceState state = instance.observe();
                if (state.isOff()) {
                    return forced(state);
                }
                throw SnapshotException.transientFault("the instance runs again after its hard stop", null);
            } catch (SnapshotException e) {
                if ((!e.retryable() && e.kind() != Kind.OUTCOME_UNKNOWN) || failures >= retries.attempts()) {
                    throw e;
                }
                LOG.warn("the hard stop failed, trying again: {}", e.getMessage());
                retries.pause(failures, job.cancellation());
            }
        }
    }

    private Stopped forced(InstanceState off) {
        if (off.stopCause().equals(Optional.of(StopCause.GUEST))) {
            notes.add("the guest stopped itself just as the window ended");
            return stopped(Consistency.GUEST_SHUTDOWN);
        }
        notes.add("the guest did not stop within " + policy.window().toMillis() + " ms and was stopped hard");
        return stopped(Consistency.FORCED);
    }

    private Stopped stopped(Consistency consistency) {
        return new Stopped(consistency, events, reboots, List.copyOf(notes));
    }
}
