package io.stillframe.hypervisor;

import io.stillframe.model.InstanceId;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.FreezeOutcome;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.StopCause;
import io.stillframe.spi.Subscription;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The driver of a simulated hypervisor. */
final class SimulatedDriver implements HypervisorDriver {
    private final SimulatedConnection connection;
    private final SimulatedHost host;

    SimulatedDriver(SimulatedConnection connection, SimulatedHost host) {
        this.connection = connection;
        this.host = host;
    }

    @Override
    public Set<Feature> features() {
        return EnumSet.allOf(Feature.class);
    }

    @Override
    public InstanceState observe(String nameOrId) {
        return connection.call(SimulatedOperation.OBSERVE, nameOrId, () -> host.observe(host.machine(nameOrId)));
    }

    @Override
    public void requestShutdown(InstanceId instance) {
        connection.run(
                SimulatedOperation.REQUEST_SHUTDOWN,
                instance.value(),
                () -> host.machine(instance).pressPower(host.clock().instant()));
    }

    @Override
    public void forceOff(InstanceId instance) {
        connection.run(
                SimulatedOperation.FORCE_OFF,
                instance.value(),
                () -> host.machine(instance).powerOff(StopCause.FORCED));
    }

    @Override
    public void powerOn(InstanceId instance) {
        connection.run(
                SimulatedOperation.POWER_ON,
                instance.value(),
                () -> host.machine(instance).powerOn());
    }

    @Override
    public FreezeOutcome freeze(InstanceId instance, Duration deadline) {
        if (deadline.isNegative() || deadline.isZero()) {
            throw SnapshotException.invalid("the agent needs more than no time, got " + deadline);
        }
        return connection.call(
                SimulatedOperation.FREEZE, instance.value(), () -> freeze(host.machine(instance), deadline));
    }

    private static FreezeOutcome freeze(SimulatedMachine machine, Duration deadline) {
        if (machine.power() != PowerState.RUNNING) {
            return new FreezeOutcome.Unavailable("the instance is " + machine.power());
        }
        return switch (machine.agent()) {
            case ABSENT -> new FreezeOutcome.Unavailable("no guest agent answers");
            case TIMES_OUT -> new FreezeOutcome.Unavailable("the guest agent did not answer within " + deadline);
            case ANSWERS -> {
                machine.freeze();
                yield new FreezeOutcome.Frozen(machine.disks().size());
            }
            case HANGS -> {
                machine.freeze();
                throw new SnapshotException(
                        SnapshotException.Kind.OUTCOME_UNKNOWN,
                        "the guest agent answered neither the freeze nor the thaw within " + deadline
                                + "; thaw the guest");
            }
        };
    }

    @Override
    public void thaw(InstanceId instance) {
        connection.run(
                SimulatedOperation.THAW,
                instance.value(),
                () -> host.machine(instance).thaw());
    }

    @Override
    public Subscription watch(InstanceId instance, Runnable onChange) {
        return connection.call(
                SimulatedOperation.WATCH, instance.value(), () -> connection.own(host.subscribe(instance, onChange)));
    }

    @Override
    public LaunchPlan planLaunch(LaunchSpec spec) {
        return connection.call(SimulatedOperation.PLAN_LAUNCH, spec.name(), () -> {
            SimulatedDefinition definition = SimulatedDefinition.parse(spec.definition());
            definition.uncopyable().ifPresent(what -> {
                throw SnapshotException.unsupported("a new instance cannot have " + what + " as well");
            });
            checkDisks(spec.disks());
            host.checkNameFree(spec.name());
            SimulatedLaunchState state = new SimulatedLaunchState(
                    host.newIdentity(spec.name()), spec.start(), definition.agent(), spec.disks());
            return new LaunchPlan(spec.name(), state.text());
        });
    }

    @Override
    public BlockTarget createDisk(LaunchPlan plan, String device) {
        return connection.call(SimulatedOperation.CREATE_DISK, plan.name(), () -> {
            LaunchSpec.Disk disk = SimulatedLaunchState.parse(plan.state()).disk(device);
            LaunchedDisk created = new LaunchedDisk(host, plan.name(), disk.size());
            host.unfinishedLaunches()
                    .computeIfAbsent(plan.state(), s -> new LinkedHashMap<>())
                    .put(device, created);
            return created;
        });
    }

    @Override
    public LaunchedInstance completeLaunch(LaunchPlan plan) {
        return connection.call(SimulatedOperation.COMPLETE_LAUNCH, plan.name(), () -> {
            SimulatedLaunchState state = SimulatedLaunchState.parse(plan.state());
            Optional<SimulatedMachine> already = host.find(state.id());
            return launched(already.orElseGet(() -> define(plan, state)));
        });
    }

    @Override
    public void discardLaunch(LaunchPlan plan) {
        connection.run(SimulatedOperation.DISCARD_LAUNCH, plan.name(), () -> {
            host.unfinishedLaunches().remove(plan.state());
            InstanceId id = SimulatedLaunchState.parse(plan.state()).id();
            if (host.find(id).isEmpty()) {
                host.clones().remove(id);
            }
        });
    }

    private SimulatedMachine define(LaunchPlan plan, SimulatedLaunchState state) {
        host.checkNameFree(plan.name());
        Map<String, LaunchedDisk> disks = host.unfinishedLaunches().getOrDefault(plan.state(), Map.of());
        SimulatedInstance.Builder instance =
                SimulatedInstance.named(plan.name()).agent(state.agent());
        for (LaunchSpec.Disk disk : state.disks()) {
            instance.disk(disk.device(), disk.role(), filled(disks.get(disk.device()), disk.device()));
        }
        if (host.clones().containsKey(state.id())) {
            instance.onVolumes();
        }
        if (state.start() == LaunchRequest.Start.STARTED) {
            instance.running();
        }
        SimulatedMachine machine = host.add(state.id(), instance.build());
        host.unfinishedLaunches().remove(plan.state());
        return machine;
    }

    private static PagedDisk filled(@Nullable LaunchedDisk disk, String device) {
        if (disk == null) {
            throw SnapshotException.invalid("disk " + device + " of the launch was not created");
        }
        return disk.finished();
    }

    private static LaunchedInstance launched(SimulatedMachine machine) {
        List<LaunchedInstance.Disk> disks = machine.disks().entrySet().stream()
                .map(e -> new LaunchedInstance.Disk(
                        e.getKey(),
                        SimulatedHost.location(machine.id(), e.getKey()),
                        e.getValue().format(),
                        e.getValue().content().size()))
                .toList();
        return new LaunchedInstance(machine.id(), machine.name(), disks);
    }

    private static void checkDisks(List<LaunchSpec.Disk> disks) {
        if (disks.isEmpty()) {
            throw SnapshotException.invalid("a launch needs at least one disk");
        }
        for (LaunchSpec.Disk disk : disks) {
            Names.device(disk.device());
            if (disk.size() <= 0) {
                throw SnapshotException.invalid(
                        "disk " + disk.device() + " needs more than 0 bytes, got " + disk.size());
            }
        }
        if (disks.stream().map(LaunchSpec.Disk::device).distinct().count() != disks.size()) {
            throw SnapshotException.invalid("a launch cannot have two disks of the same device name");
        }
    }
}
