package io.stillframe.hypervisor;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.VolumeSnapshots;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Keeps points in time of simulated instances whose disks are volumes. A clone shares pages, and depends until it is flattened. */
final class SimulatedVolumes implements VolumeSnapshots {
    private final SimulatedConnection connection;
    private final HypervisorDriver driver;
    private final SimulatedHost host;

    SimulatedVolumes(SimulatedConnection connection, HypervisorDriver driver, SimulatedHost host) {
        this.connection = connection;
        this.driver = driver;
        this.host = host;
    }

    @Override
    public String name() {
        return "simulated";
    }

    @Override
    public boolean canKeep(CapturePlan plan) {
        return plan.state().equals(SimulatedCapture.VOLUMES);
    }

    @Override
    public VolumeSnapshot planKeep(CapturePlan plan) {
        if (!canKeep(plan)) {
            throw SnapshotException.unsupported("the disks "
                    + plan.disks().stream().map(CapturePlan.Disk::device).toList() + " of " + plan.instance()
                    + " are no volumes; store the snapshot, or add the instance with onVolumes()");
        }
        return new VolumeSnapshot(plan.snapshot(), plan.instance(), plan.disks(), SimulatedCapture.VOLUMES);
    }

    @Override
    public String location(VolumeSnapshot kept, String device) {
        return SimulatedHost.location(kept.instance(), device) + "@" + kept.snapshot();
    }

    @Override
    public boolean reaches(VolumeSnapshot kept) {
        return connection.call(
                SimulatedOperation.OPEN_VOLUMES,
                kept.snapshot().value(),
                () -> host.kept().containsKey(kept.snapshot()));
    }

    @Override
    public VolumeSnapshot keep(CapturePlan plan) {
        VolumeSnapshot kept = planKeep(plan);
        return connection.call(SimulatedOperation.KEEP_VOLUMES, plan.snapshot().value(), () -> {
            SimulatedHost.@Nullable Kept already = host.kept().get(plan.snapshot());
            if (already != null) {
                return already.snapshot();
            }
            SimulatedHost.@Nullable Hold hold = host.holds().get(plan.snapshot());
            if (hold == null || !hold.plan().equals(plan)) {
                throw SnapshotException.notFound(
                        "the point in time of " + plan.snapshot() + " is not held; begin the capture first");
            }
            host.kept().put(plan.snapshot(), new SimulatedHost.Kept(kept, hold.contents()));
            host.holds().remove(plan.snapshot());
            return kept;
        });
    }

    @Override
    public BlockSource open(VolumeSnapshot kept, String device) {
        return connection.call(
                SimulatedOperation.OPEN_VOLUMES,
                kept.snapshot().value(),
                () -> new PagedSource(
                        size(kept, device), content(kept, device), () -> host.act(() -> content(kept, device))));
    }

    @Override
    public List<ByteRange> changes(VolumeSnapshot kept, VolumeSnapshot since, String device) {
        return connection.call(SimulatedOperation.OPEN_VOLUMES, kept.snapshot().value(), () -> {
            long size = size(kept, device);
            if (!kept.instance().equals(since.instance()) || size != size(since, device)) {
                throw SnapshotException.notFound(
                        "disk " + device + " of " + since.snapshot() + " is not the volume of " + kept.snapshot());
            }
            return changes(content(kept, device), content(since, device), size);
        });
    }

    private static List<ByteRange> changes(PageTree now, PageTree before, long size) {
        long end = (size + PageTree.PAGE - 1) / PageTree.PAGE;
        List<ByteRange> changes = new ArrayList<>();
        long page = Math.min(now.nextWritten(0, end), before.nextWritten(0, end));
        while (page < end) {
            if (now.get(page) != before.get(page)) {
                long start = page * PageTree.PAGE;
                changes.add(new ByteRange(start, Math.min(size, start + PageTree.PAGE)));
            }
            page = Math.min(now.nextWritten(page + 1, end), before.nextWritten(page + 1, end));
        }
        return changes;
    }

    @Override
    public List<Dependent> dependents(VolumeSnapshot kept) {
        return connection.call(SimulatedOperation.OPEN_VOLUMES, kept.snapshot().value(), () -> dependentsOf(kept));
    }

    private List<Dependent> dependentsOf(VolumeSnapshot kept) {
        List<Dependent> dependents = new ArrayList<>();
        host.clones().forEach((instance, origin) -> {
            if (origin.equals(kept.snapshot())) {
                host.find(instance).map(machine -> machine.disks().keySet()).stream()
                        .flatMap(Set::stream)
                        .forEach(device ->
                                dependents.add(new Dependent(device, SimulatedHost.location(instance, device))));
            }
        });
        return dependents;
    }

    @Override
    public void remove(VolumeSnapshot kept, DependentsPolicy policy, Cancellation cancellation) {
        connection.call(SimulatedOperation.REMOVE_VOLUMES, kept.snapshot().value(), cancellation, () -> {
            List<Dependent> dependents = dependentsOf(kept);
            if (!dependents.isEmpty() && policy == DependentsPolicy.REFUSE) {
                throw SnapshotException.conflict("volumes were cloned from " + kept.snapshot() + " and still need it: "
                        + dependents.stream().map(Dependent::volume).toList());
            }
            cancellation.check();
            host.clones().values().removeIf(kept.snapshot()::equals);
            host.kept().remove(kept.snapshot());
            return dependents;
        });
    }

    @Override
    public LaunchPlan planClone(LaunchSpec spec, VolumeSnapshot kept) {
        for (LaunchSpec.Disk disk : spec.disks()) {
            long smallest = size(kept, disk.device());
            if (disk.size() < smallest) {
                throw SnapshotException.invalid("disk " + disk.device() + " of " + spec.name() + " is to have "
                        + disk.size() + " bytes, its snapshot has " + smallest);
            }
        }
        LaunchPlan plan = driver.planLaunch(spec);
        host.run(() -> host.cloneOrigins().put(plan.state(), kept.snapshot()));
        return plan;
    }

    @Override
    public void cloneDisks(LaunchPlan plan) {
        connection.run(SimulatedOperation.CLONE_VOLUMES, plan.name(), () -> {
            SimulatedLaunchState state = SimulatedLaunchState.parse(plan.state());
            if (host.find(state.id()).isPresent()) {
                return;
            }
            @Nullable SnapshotId origin = host.cloneOrigins().get(plan.state());
            SimulatedHost.@Nullable Kept kept =
                    origin == null ? null : host.kept().get(origin);
            if (origin == null || kept == null) {
                throw SnapshotException.notFound("the snapshot that " + plan.name() + " is to be cloned from is gone");
            }
            Map<String, LaunchedDisk> disks = new LinkedHashMap<>();
            for (LaunchSpec.Disk disk : state.disks()) {
                disks.put(
                        disk.device(),
                        LaunchedDisk.cloned(
                                host,
                                plan.name(),
                                disk.size(),
                                content(kept.snapshot(), disk.device()),
                                size(kept.snapshot(), disk.device())));
            }
            host.unfinishedLaunches().put(plan.state(), disks);
            host.clones().put(state.id(), origin);
        });
    }

    @Override
    public List<VolumeSnapshot> listKept() {
        return connection.call(
                SimulatedOperation.LIST_KEPT,
                "",
                () -> host.kept().values().stream()
                        .map(SimulatedHost.Kept::snapshot)
                        .toList());
    }

    private PageTree content(VolumeSnapshot kept, String device) {
        SimulatedHost.@Nullable Kept found = host.kept().get(kept.snapshot());
        @Nullable PageTree content = found == null ? null : found.contents().get(device);
        if (content == null) {
            throw SnapshotException.notFound(
                    "the volumes have no snapshot of disk " + device + " for " + kept.snapshot());
        }
        return content;
    }

    private static long size(VolumeSnapshot kept, String device) {
        return kept.disks().stream()
                .filter(disk -> disk.device().equals(device))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("snapshot " + kept.snapshot() + " has no disk " + device
                        + "; it has "
                        + kept.disks().stream().map(CapturePlan.Disk::device).toList()))
                .virtualSize();
    }
}
