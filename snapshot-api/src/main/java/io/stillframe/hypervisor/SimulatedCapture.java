package io.stillframe.hypervisor;

import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.InstanceState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Holds points in time of simulated disks: a hold keeps the disks' page trees as they are. */
final class SimulatedCapture implements DiskCapture {
    private static final String STATE = "simulated-overlay 1";

    /** The state of a plan whose disks are volumes. */
    static final String VOLUMES = "simulated-volumes 1";

    private final SimulatedConnection connection;
    private final SimulatedHost host;

    SimulatedCapture(SimulatedConnection connection, SimulatedHost host) {
        this.connection = connection;
        this.host = host;
    }

    @Override
    public String name() {
        return "overlay";
    }

    @Override
    public CapturePlan plan(SnapshotId snapshot, InstanceState instance, DiskSelection disks) {
        return connection.call(SimulatedOperation.PLAN_CAPTURE, snapshot.value(), () -> {
            SimulatedMachine machine = host.machine(instance.id());
            List<CapturePlan.Disk> selected = select(machine, disks).stream()
                    .map(device -> plan(machine, device))
                    .toList();
            CapturePlan plan = new CapturePlan(snapshot, machine.id(), selected, machine.onVolumes() ? VOLUMES : STATE);
            checkNotHeldByOthers(plan);
            return plan;
        });
    }

    @Override
    public void begin(CapturePlan plan) {
        connection.run(SimulatedOperation.BEGIN_CAPTURE, plan.snapshot().value(), () -> {
            checkOwn(plan);
            if (held(plan).isPresent()) {
                return;
            }
            checkNotHeldByOthers(plan);
            SimulatedMachine machine = host.machine(plan.instance());
            Map<String, PageTree> contents = new LinkedHashMap<>();
            for (CapturePlan.Disk disk : plan.disks()) {
                PagedDisk present = machine.disk(disk.device()).content();
                if (present.size() != disk.virtualSize()) {
                    throw SnapshotException.conflict("disk " + disk.device() + " has " + present.size()
                            + " bytes now, not " + disk.virtualSize() + " as planned; plan anew");
                }
                contents.put(disk.device(), present.content());
            }
            host.holds().put(plan.snapshot(), new SimulatedHost.Hold(plan, contents));
        });
    }

    @Override
    public BlockSource open(CapturePlan plan, String device) {
        return connection.call(SimulatedOperation.OPEN_CAPTURE, plan.snapshot().value(), () -> {
            CapturePlan.Disk disk = planned(plan, device);
            SimulatedHost.Hold hold = held(plan)
                    .orElseThrow(() -> SnapshotException.notFound(
                            "the point in time of " + plan.snapshot() + " is not held; begin the capture first"));
            PageTree content = hold.contents().get(device);
            if (content == null) {
                throw SnapshotException.notFound(
                        "the point in time of " + plan.snapshot() + " holds no disk " + device);
            }
            return new PagedSource(disk.virtualSize(), content, () -> checkRead(hold));
        });
    }

    @Override
    public void release(CapturePlan plan, Cancellation cancellation) {
        connection.call(SimulatedOperation.RELEASE_CAPTURE, plan.snapshot().value(), cancellation, () -> {
            checkOwn(plan);
            Optional<SimulatedHost.Hold> hold = held(plan);
            if (hold.isPresent()) {
                cancellation.check();
                host.holds().remove(plan.snapshot());
            }
            return hold;
        });
    }

    @Override
    public List<CapturePlan> listHeld() {
        return connection.call(
                SimulatedOperation.LIST_HELD,
                "",
                () -> host.holds().values().stream()
                        .map(SimulatedHost.Hold::plan)
                        .toList());
    }

    private void checkRead(SimulatedHost.Hold hold) {
        host.faults()
                .around(
                        SimulatedOperation.READ_CAPTURE,
                        new Cancellation(),
                        () -> host.act(() -> {
                            if (!hold.equals(host.holds().get(hold.plan().snapshot()))) {
                                throw SnapshotException.permanent(
                                        "the point in time of " + hold.plan().snapshot()
                                                + " was released while its disk was being read; close disks before the release",
                                        null);
                            }
                            return hold;
                        }));
    }

    private Optional<SimulatedHost.Hold> held(CapturePlan plan) {
        return Optional.ofNullable(host.holds().get(plan.snapshot()))
                .filter(hold -> hold.plan().equals(plan));
    }

    private void checkNotHeldByOthers(CapturePlan plan) {
        for (CapturePlan.Disk disk : plan.disks()) {
            host.holdOn(plan.instance(), disk.device())
                    .filter(hold -> !hold.plan().equals(plan))
                    .ifPresent(hold -> {
                        throw SnapshotException.conflict("disk " + disk.device() + " of instance " + plan.instance()
                                + " is held for " + hold.plan().snapshot() + "; release that first");
                    });
        }
    }

    private static void checkOwn(CapturePlan plan) {
        if (!plan.state().equals(STATE) && !plan.state().equals(VOLUMES)) {
            throw SnapshotException.invalid("this capture plan was not made by a simulated hypervisor");
        }
    }

    private static CapturePlan.Disk plan(SimulatedMachine machine, String device) {
        SimulatedMachine.Disk disk = machine.disk(device);
        return new CapturePlan.Disk(
                device, disk.role(), disk.format(), disk.content().size());
    }

    private static CapturePlan.Disk planned(CapturePlan plan, String device) {
        return plan.disks().stream()
                .filter(disk -> disk.device().equals(device))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("the capture has no disk " + device + "; it has "
                        + plan.disks().stream().map(CapturePlan.Disk::device).toList()));
    }

    private static List<String> select(SimulatedMachine machine, DiskSelection selection) {
        if (selection instanceof DiskSelection.Devices named) {
            named.devices().forEach(machine::disk);
            return machine.disks().keySet().stream()
                    .filter(named.devices()::contains)
                    .toList();
        }
        List<String> devices = machine.disks().entrySet().stream()
                .filter(e ->
                        selection instanceof DiskSelection.All || e.getValue().role() == DiskRole.ROOT)
                .map(Map.Entry::getKey)
                .toList();
        if (devices.isEmpty()) {
            throw SnapshotException.notFound("instance " + machine.name() + " has no root disk; name one of "
                    + machine.disks().keySet());
        }
        return devices;
    }
}
