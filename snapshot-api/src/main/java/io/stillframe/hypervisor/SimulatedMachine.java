package io.stillframe.hypervisor;

import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BootId;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.StopCause;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** One simulated instance: its power, its guest and its disks. Guarded by its host's lock. */
final class SimulatedMachine {
    /** One disk of it. */
    record Disk(DiskRole role, String format, PagedDisk content) {}

    private enum Reaction {
        STOP,
        REBOOT,
        CRASH
    }

    private record Due(Reaction reaction, Instant at) {}

    private final InstanceId id;
    private final String name;
    private final InstanceState.Persistence persistence;
    private final Optional<String> uncopyable;
    private final boolean onVolumes;
    private final Map<String, Disk> disks = new LinkedHashMap<>();
    private final Supplier<BootId> boots;

    private ShutdownBehaviour onShutdown;
    private AgentBehaviour agent;
    private PowerState power = PowerState.OFF;
    private Optional<BootId> boot = Optional.empty();
    private Optional<StopCause> stopCause = Optional.of(StopCause.UNKNOWN);
    private Optional<Due> due = Optional.empty();
    private int eventsThisBoot;
    private long events;
    private long bootCount;
    private boolean frozen;

    SimulatedMachine(InstanceId id, SimulatedInstance from, Supplier<BootId> boots) {
        this.id = id;
        this.name = from.name();
        this.persistence = from.persistence();
        this.uncopyable = from.uncopyable();
        this.onVolumes = from.onVolumes();
        this.onShutdown = from.onShutdown();
        this.agent = from.agent();
        this.boots = boots;
        from.disks().forEach((device, disk) -> {
            SimulatedInstance.Disk copy = disk.copy();
            disks.put(device, new Disk(copy.role(), copy.format(), copy.content()));
        });
        if (from.power() == PowerState.RUNNING) {
            powerOn();
        }
    }

    InstanceId id() {
        return id;
    }

    String name() {
        return name;
    }

    InstanceState.Persistence persistence() {
        return persistence;
    }

    boolean onVolumes() {
        return onVolumes;
    }

    Optional<String> uncopyable() {
        return uncopyable;
    }

    Map<String, Disk> disks() {
        return disks;
    }

    Disk disk(String device) {
        Disk disk = disks.get(device);
        if (disk == null) {
            throw SnapshotException.notFound(
                    "instance " + name + " has no disk " + device + "; it has " + disks.keySet());
        }
        return disk;
    }

    PowerState power() {
        return power;
    }

    Optional<BootId> boot() {
        return boot;
    }

    Optional<StopCause> stopCause() {
        return stopCause;
    }

    AgentBehaviour agent() {
        return agent;
    }

    void agent(AgentBehaviour value) {
        agent = value;
    }

    void onShutdown(ShutdownBehaviour value) {
        onShutdown = value;
    }

    long events() {
        return events;
    }

    long bootCount() {
        return bootCount;
    }

    boolean frozen() {
        return frozen;
    }

    boolean isOff() {
        return power == PowerState.OFF;
    }

    /** Takes one shutdown event. */
    void pressPower(Instant now) {
        if (isOff()) {
            return;
        }
        events++;
        if (power != PowerState.RUNNING) {
            return;
        }
        eventsThisBoot++;
        if (due.isPresent()) {
            return;
        }
        if (onShutdown instanceof ShutdownBehaviour.Obeys obeys && eventsThisBoot >= obeys.events()) {
            due = Optional.of(new Due(Reaction.STOP, now.plus(obeys.delay())));
        } else if (onShutdown instanceof ShutdownBehaviour.Reboots reboots && eventsThisBoot >= reboots.events()) {
            due = Optional.of(new Due(Reaction.REBOOT, now));
        } else if (onShutdown instanceof ShutdownBehaviour.Crashes crashes && eventsThisBoot >= crashes.events()) {
            due = Optional.of(new Due(Reaction.CRASH, now));
        }
    }

    /** Lets the guest do what is due. A frozen guest cannot write its last, so it stops only after the thaw. */
    void react(Instant now) {
        if (power != PowerState.RUNNING
                || frozen
                || due.isEmpty()
                || due.get().at().isAfter(now)) {
            return;
        }
        switch (due.get().reaction()) {
            case STOP -> powerOff(StopCause.GUEST);
            case CRASH -> powerOff(StopCause.CRASHED);
            case REBOOT -> {
                if (onShutdown instanceof ShutdownBehaviour.Reboots reboots) {
                    onShutdown = reboots.then();
                }
                reboot();
            }
        }
    }

    /** From its disks; paused memory goes on, saved memory is dropped. */
    void powerOn() {
        if (power == PowerState.PAUSED) {
            power = PowerState.RUNNING;
        } else if (power != PowerState.RUNNING) {
            reboot();
        }
    }

    void powerOff(StopCause cause) {
        if (isOff()) {
            return;
        }
        forgetBoot();
        power = PowerState.OFF;
        boot = Optional.empty();
        stopCause = Optional.of(cause);
    }

    void reboot() {
        forgetBoot();
        power = PowerState.RUNNING;
        boot = Optional.of(boots.get());
        stopCause = Optional.empty();
        bootCount++;
    }

    /** Moves a running instance to PAUSED or SUSPENDED, or either back to RUNNING. */
    void sleep(PowerState value) {
        if (!isOff()) {
            power = value;
        }
    }

    void freeze() {
        frozen = true;
    }

    void thaw() {
        frozen = false;
    }

    private void forgetBoot() {
        due = Optional.empty();
        eventsThisBoot = 0;
        frozen = false;
    }
}
