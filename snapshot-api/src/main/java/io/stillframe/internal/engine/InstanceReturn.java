package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Obligation;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.InstanceState;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives an instance back what it is owed: file systems thawed, power on. Looks before it acts, so that it may be done by any process,
 * any number of times, and whatever a person did meanwhile.
 *
 * <p>Power is special: a guest that was sent a shutdown event and still runs may obey a little later. It is watched until the grace is
 * over before the duty counts as done.
 */
final class InstanceReturn {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceReturn.class);
    private static final Duration POLL = Duration.ofMillis(250);

    private final Installation installation;

    InstanceReturn(Installation installation) {
        this.installation = installation;
    }

    static boolean isOwed(Job job) {
        Set<Obligation> owed = job.record().snapshot().obligations();
        return owed.contains(Obligation.POWER_ON) || owed.contains(Obligation.THAW);
    }

    /**
     * Tries once.
     *
     * @return when to look again; empty if nothing of this is owed any more
     */
    Optional<Duration> attempt(Job job) {
        if (!isOwed(job)) {
            return Optional.empty();
        }
        InstanceControl instance = instanceOf(job);
        Optional<InstanceState> state = instance.observeIfExists();
        if (state.isEmpty()) {
            LOG.warn("the instance exists no more; nothing is owed to it");
            discharge(job, Obligation.THAW, "the instance exists no more");
            discharge(job, Obligation.POWER_ON, "the instance exists no more");
            return Optional.empty();
        }
        thaw(job, instance, state.get());
        return power(job, instance, state.get());
    }

    private void thaw(Job job, InstanceControl instance, InstanceState state) {
        if (!job.record().snapshot().obligations().contains(Obligation.THAW)) {
            return;
        }
        if (!state.isOff()) {
            requireOwned(job);
            instance.thaw();
        }
        discharge(job, Obligation.THAW, "thawed");
    }

    private Optional<Duration> power(Job job, InstanceControl instance, InstanceState state) {
        if (!job.record().snapshot().obligations().contains(Obligation.POWER_ON)) {
            return Optional.empty();
        }
        if (state.isOff()) {
            requireOwned(job);
            LOG.info("powering the instance on again");
            try (PhaseSpan span =
                    PhaseEvents.begin(PhaseEvents.Kind.POWER_ON, job.record().snapshot())) {
                instance.powerOn();
                span.done("running again");
            }
            job.startedAnew();
        } else if (job.guestMayStillStop(grace(job))) {
            return Optional.of(POLL);
        }
        discharge(job, Obligation.POWER_ON, "the instance is " + (state.isOff() ? "running again" : state.power()));
        return Optional.empty();
    }

    private Duration grace(Job job) {
        Duration window = Attributes.window(job.record().record());
        Duration grace = installation.settings().stopGrace();
        return window.compareTo(grace) < 0 ? window : grace;
    }

    private InstanceControl instanceOf(Job job) {
        InstanceSummary summary = job.record().snapshot().instance();
        return new InstanceControl(
                installation.requireHypervisor(summary.hypervisor()).driver(), summary.id());
    }

    private static void requireOwned(Job job) {
        if (job.record().isFenced()) {
            throw new SnapshotException(Kind.FENCED, "another process has taken over; it sees to the instance");
        }
    }

    private static void discharge(Job job, Obligation obligation, String how) {
        if (job.record().snapshot().obligations().contains(obligation)) {
            job.record().update(s -> s.toBuilder().discharged(obligation).build());
            job.record().receipt(obligation == Obligation.THAW ? CaptureWorkflow.THAW : CaptureWorkflow.POWER, how);
        }
    }
}
