package io.stillframe.hypervisor;

import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BootId;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.StopCause;
import io.stillframe.spi.Subscription;
import io.stillframe.spi.VolumeSnapshot;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that is on a simulated host, shared by its connections. {@link #act} is the one way in: it holds the lock, lets guests do
 * what is due, and tells the listeners after the lock is given back, on the acting thread, so that a run is deterministic.
 */
final class SimulatedHost {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatedHost.class);
    private static final int CALLS_KEPT = 100_000;

    /** A held point in time. */
    record Hold(CapturePlan plan, Map<String, PageTree> contents) {}

    /** A point in time that stays on its volumes. */
    record Kept(VolumeSnapshot snapshot, Map<String, PageTree> contents) {}

    private record Listener(InstanceId instance, Runnable onChange) {}

    private record Seen(Optional<BootId> boot, PowerState power) {}

    private final Clock clock;
    private final SimulatedFaults faults = new SimulatedFaults();
    private final Map<InstanceId, SimulatedMachine> machines = new LinkedHashMap<>();
    private final Map<InstanceId, Seen> seen = new LinkedHashMap<>();
    private final Map<SnapshotId, Hold> holds = new LinkedHashMap<>();
    private final Map<SnapshotId, Kept> kept = new LinkedHashMap<>();
    private final Map<String, SnapshotId> cloneOrigins = new LinkedHashMap<>();
    private final Map<InstanceId, SnapshotId> clones = new LinkedHashMap<>();
    private final Map<String, Map<String, LaunchedDisk>> unfinishedLaunches = new LinkedHashMap<>();
    private final Map<Long, Listener> listeners = new LinkedHashMap<>();
    private final Set<InstanceId> changed = new LinkedHashSet<>();
    private final Deque<SimulatedCall> calls = new ArrayDeque<>();
    private long identities;
    private long boots;
    private long subscriptions;
    private boolean down;

    SimulatedHost(Clock clock) {
        this.clock = clock;
    }

    SimulatedFaults faults() {
        return faults;
    }

    Clock clock() {
        return clock;
    }

    /** Does one call of a connection: faults, lock, log. */
    <T> T call(SimulatedOperation operation, String subject, Cancellation cancellation, Supplier<T> effect) {
        try {
            T result = faults.around(
                    operation,
                    cancellation,
                    () -> act(() -> {
                        checkUp();
                        return effect.get();
                    }));
            log(new SimulatedCall(operation, subject, Optional.empty()));
            return result;
        } catch (SnapshotException e) {
            log(new SimulatedCall(operation, subject, Optional.of(e.kind())));
            throw e;
        }
    }

    /** Does something under the lock, whether the hypervisor is up or not. */
    <T> T act(Supplier<T> action) {
        try {
            synchronized (this) {
                settle();
                try {
                    return action.get();
                } finally {
                    settle();
                }
            }
        } finally {
            deliver();
        }
    }

    void run(Runnable action) {
        act(() -> {
            action.run();
            return Optional.empty();
        });
    }

    void checkUp() {
        if (down) {
            throw SnapshotException.transientFault("the simulated hypervisor was killed; restart it", null);
        }
    }

    /** Every running instance crashes, and the connections with them. */
    void kill() {
        run(() -> {
            down = true;
            List.copyOf(machines.values()).forEach(machine -> machine.powerOff(StopCause.CRASHED));
            listeners.values().forEach(listener -> changed.add(listener.instance()));
        });
    }

    void restart() {
        run(() -> {
            down = false;
            listeners.values().forEach(listener -> changed.add(listener.instance()));
        });
    }

    SimulatedMachine add(SimulatedInstance instance) {
        checkNameFree(instance.name());
        return add(newIdentity(instance.name()), instance);
    }

    SimulatedMachine add(InstanceId id, SimulatedInstance instance) {
        SimulatedMachine machine = new SimulatedMachine(id, instance, () -> new BootId("boot-" + ++boots));
        machines.put(id, machine);
        return machine;
    }

    /** The same sequence of identities in every run. */
    InstanceId newIdentity(String name) {
        String seed = "simulated instance " + ++identities + " " + name;
        return new InstanceId(
                UUID.nameUUIDFromBytes(seed.getBytes(StandardCharsets.UTF_8)).toString());
    }

    void checkNameFree(String name) {
        if (machines.values().stream().anyMatch(machine -> machine.name().equals(name))) {
            throw SnapshotException.conflict("an instance named '" + name + "' exists already; choose another name");
        }
    }

    SimulatedMachine machine(InstanceId id) {
        return find(id).orElseThrow(() -> SnapshotException.notFound(
                "no instance " + id + "; " + ClosestNames.describe(id.value(), identitiesInUse())));
    }

    Optional<SimulatedMachine> find(InstanceId id) {
        return Optional.ofNullable(machines.get(id));
    }

    SimulatedMachine machine(String nameOrId) {
        return machines.values().stream()
                .filter(machine -> machine.id().value().equals(nameOrId))
                .findFirst()
                .or(() -> machines.values().stream()
                        .filter(machine -> machine.name().equals(nameOrId))
                        .findFirst())
                .orElseThrow(() -> SnapshotException.notFound(
                        "no instance '" + nameOrId + "'; " + ClosestNames.describe(nameOrId, names())));
    }

    List<String> names() {
        return machines.values().stream().map(SimulatedMachine::name).toList();
    }

    /** Removes the definition; held points in time stay. */
    void delete(InstanceId id) {
        machine(id).powerOff(StopCause.FORCED);
        machines.remove(id);
        clones.remove(id);
        changed.add(id);
    }

    InstanceState observe(SimulatedMachine machine) {
        List<InstanceDisk> disks = machine.disks().entrySet().stream()
                .map(e -> new InstanceDisk(
                        e.getKey(),
                        e.getValue().role(),
                        e.getValue().content().size(),
                        chain(machine, e.getKey(), e.getValue().format())))
                .toList();
        return new InstanceState(
                machine.id(),
                machine.name(),
                machine.power(),
                machine.boot(),
                machine.stopCause(),
                machine.persistence(),
                disks,
                new SimulatedDefinition(machine.agent(), machine.uncopyable()).text());
    }

    private List<ImageLayer> chain(SimulatedMachine machine, String device, String format) {
        String base = location(machine.id(), device);
        List<ImageLayer> layers = new ArrayList<>();
        holdOn(machine.id(), device)
                .ifPresent(hold ->
                        layers.add(new ImageLayer(base + "." + hold.plan().snapshot(), "qcow2")));
        layers.add(new ImageLayer(base, format));
        return layers;
    }

    static String location(InstanceId id, String device) {
        return "/simulated/" + id + "/" + device;
    }

    Map<SnapshotId, Hold> holds() {
        return holds;
    }

    Optional<Hold> holdOn(InstanceId id, String device) {
        return holds.values().stream()
                .filter(hold -> hold.plan().instance().equals(id))
                .filter(hold -> hold.contents().containsKey(device))
                .findFirst();
    }

    Map<SnapshotId, Kept> kept() {
        return kept;
    }

    /** What launches by clones begin as, by plan state. */
    Map<String, SnapshotId> cloneOrigins() {
        return cloneOrigins;
    }

    /** The instances, defined or being launched, whose volumes still need a kept snapshot. */
    Map<InstanceId, SnapshotId> clones() {
        return clones;
    }

    /** The disks made for launches that are not complete, by plan state and device. */
    Map<String, Map<String, LaunchedDisk>> unfinishedLaunches() {
        return unfinishedLaunches;
    }

    Subscription subscribe(InstanceId instance, Runnable onChange) {
        machine(instance);
        long number = ++subscriptions;
        listeners.put(number, new Listener(instance, onChange));
        return () -> unsubscribe(number);
    }

    synchronized List<SimulatedCall> calls() {
        return List.copyOf(calls);
    }

    private synchronized void unsubscribe(long number) {
        listeners.remove(number);
    }

    private synchronized void log(SimulatedCall call) {
        if (calls.size() == CALLS_KEPT) {
            calls.removeFirst();
        }
        calls.addLast(call);
    }

    private void settle() {
        List.copyOf(machines.values()).forEach(machine -> machine.react(clock.instant()));
        machines.values().removeIf(this::vanished);
        seen.keySet().retainAll(machines.keySet());
        for (SimulatedMachine machine : machines.values()) {
            Seen now = new Seen(machine.boot(), machine.power());
            if (!now.equals(seen.put(machine.id(), now))) {
                changed.add(machine.id());
            }
        }
    }

    private boolean vanished(SimulatedMachine machine) {
        boolean gone = machine.isOff() && machine.persistence() == InstanceState.Persistence.TRANSIENT;
        if (gone) {
            changed.add(machine.id());
        }
        return gone;
    }

    private List<String> identitiesInUse() {
        return machines.keySet().stream().map(InstanceId::value).toList();
    }

    private void deliver() {
        List<Runnable> due;
        synchronized (this) {
            due = listeners.values().stream()
                    .filter(listener -> changed.contains(listener.instance()))
                    .map(Listener::onChange)
                    .toList();
            changed.clear();
        }
        for (Runnable listener : due) {
            try {
                listener.run();
            } catch (RuntimeException e) {
                LOG.warn("a listener failed", e);
            }
        }
    }
}
