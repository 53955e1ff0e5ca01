package io.stillframe.spi;

import io.stillframe.model.InstanceId;
import io.stillframe.model.LaunchedInstance;
import java.time.Duration;
import java.util.Set;

/**
 * Observes and moves instances on one hypervisor. Every call is idempotent: "already so" is success. A driver never waits out a
 * policy: windows, repeats and escalation belong to the engine, so each call sends one command and returns when the hypervisor has
 * taken it, within a deadline of the driver's own (30 s unless documented otherwise).
 *
 * <p>Safe for use by several threads. Owned and closed by its {@link Hypervisor}.
 *
 * <p>All methods throw {@link io.stillframe.model.SnapshotException}: NOT_FOUND for an unknown instance, TRANSIENT when the
 * hypervisor does not answer and certainly did nothing, OUTCOME_UNKNOWN when it may have acted, PERMANENT otherwise.
 */
public interface HypervisorDriver {
    /** What a driver can do beyond observing. */
    enum Feature {
        /** {@link #requestShutdown}, {@link #forceOff} and {@link #powerOn}. */
        POWER,
        /** {@link #freeze} and {@link #thaw}. */
        FREEZE,
        /** {@link #watch} delivers; without it, callers poll. */
        EVENTS,
        /** {@link #planLaunch} and what follows it. */
        LAUNCH
    }

    /** What this driver can do; constant. Other calls throw UNSUPPORTED. */
    Set<Feature> features();

    /**
     * The instance of that name or identity (identity wins), as it is now.
     *
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if there is none, naming the closest ones that exist
     */
    InstanceState observe(String nameOrId);

    /** Sends one ACPI shutdown event. Success means that it was sent, not that the guest listens. Off: success, nothing sent. */
    void requestShutdown(InstanceId instance);

    /** Stops the instance hard. Returns when it is off. */
    void forceOff(InstanceId instance);

    /** Powers it on, from its disks and never from saved memory. Returns when the hypervisor has it running. */
    void powerOn(InstanceId instance);

    /**
     * Asks the guest's agent to freeze all file systems.
     *
     * @param deadline how long the agent has; when it is over, the driver makes sure that the guest is thawed, or throws
     *     OUTCOME_UNKNOWN, upon which the caller owes a thaw
     */
    FreezeOutcome freeze(InstanceId instance, Duration deadline);

    /** Thaws all file systems. Not frozen: success. */
    void thaw(InstanceId instance);

    /**
     * Calls {@code onChange} after the instance's power state or boot identity may have changed. May be called more often, never from
     * within this call, and for one change at least once while the hypervisor's connection lives; a lost connection counts as a
     * change. Listeners must be quick and observe anew.
     *
     * @return ends the delivery when closed
     */
    Subscription watch(InstanceId instance, Runnable onChange);

    /**
     * Decides names and places of a new instance and its disks. Has no effect.
     *
     * @throws io.stillframe.model.SnapshotException CONFLICT if the name is taken; UNSUPPORTED if the definition holds something that
     *     cannot be copied, e.g. a passed-through device
     */
    LaunchPlan planLaunch(LaunchSpec spec);

    /**
     * Creates one disk of the plan, empty, for the caller to fill. A disk left by an earlier try is replaced.
     *
     * @return closed by the caller
     */
    BlockTarget createDisk(LaunchPlan plan, String device);

    /** Defines the new instance on its filled disks, with an identity of its own, and starts it if so planned. */
    LaunchedInstance completeLaunch(LaunchPlan plan);

    /** Removes whatever a launch that was not completed left: definition and disks, and nothing that is not of this plan. */
    void discardLaunch(LaunchPlan plan);
}
