package io.stillframe.libvirt.internal.driver;

import io.stillframe.libvirt.internal.connection.DomainHandle;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.connection.LibvirtFailure;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.BackingChain;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BootId;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.StopCause;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.libvirt.Domain;

/** Sees a domain as the product's {@link InstanceState}. Safe for use by several threads. */
final class InstanceObserver {
    private final LibvirtSession session;
    private final Map<String, Run> runs = new ConcurrentHashMap<>();

    /** One run of a domain: its number in libvirt's count, and its process. */
    private record Run(int number, QemuProcess process) {}

    /** All that is asked of libvirt in one visit. */
    private record Look(
            String name,
            DomainHandle.State state,
            int run,
            boolean persistent,
            boolean saved,
            String current,
            String definition) {}

    InstanceObserver(LibvirtSession session) {
        this.session = session;
    }

    InstanceState observe(InstanceId id) {
        Look look = session.onDomain(id, "observe " + id, Effect.NONE, InstanceObserver::look);
        PowerState power = power(look);
        boolean off = power == PowerState.OFF;
        return new InstanceState(
                id,
                look.name,
                power,
                off ? Optional.empty() : Optional.of(boot(id, look)),
                off ? Optional.of(stopCause(look.state)) : Optional.empty(),
                look.persistent ? InstanceState.Persistence.PERSISTENT : InstanceState.Persistence.TRANSIENT,
                disks(id, DomainDefinition.parse(look.current)),
                look.definition);
    }

    PowerState powerOf(InstanceId id) {
        return session.onDomain(id, "observe " + id, Effect.NONE, domain -> power(look(domain)));
    }

    private static Look look(DomainHandle domain) throws LibvirtFailure {
        DomainHandle.State state = domain.state();
        return new Look(
                domain.name(),
                state,
                domain.runNumber(),
                domain.isPersistent(),
                state.state() == DomainStates.SHUTOFF && domain.hasSavedMemory(),
                domain.xml(0),
                domain.xml(Domain.XMLFlags.INACTIVE));
    }

    private static PowerState power(Look look) {
        return switch (look.state.state()) {
            case DomainStates.SHUTOFF -> look.saved ? PowerState.SUSPENDED : PowerState.OFF;
            case DomainStates.PAUSED, DomainStates.CRASHED -> PowerState.PAUSED;
            case DomainStates.PM_SUSPENDED -> PowerState.SUSPENDED;
            default -> PowerState.RUNNING;
        };
    }

    private static StopCause stopCause(DomainHandle.State state) {
        return switch (state.reason()) {
            case DomainStates.SHUTOFF_SHUTDOWN -> StopCause.GUEST;
            case DomainStates.SHUTOFF_DESTROYED -> StopCause.FORCED;
            case DomainStates.SHUTOFF_CRASHED -> StopCause.CRASHED;
            default -> StopCause.UNKNOWN;
        };
    }

    private BootId boot(InstanceId id, Look look) {
        if (look.run < 0) {
            return new BootId("saved");
        }
        Run run = runs.compute(
                id.value(),
                (uuid, known) -> known != null && known.number == look.run && known.process.isAlive()
                        ? known
                        : new Run(look.run, QemuProcess.of(uuid)));
        return new BootId(run.number + "." + run.process.start() + "." + session.reboots(id));
    }

    private List<InstanceDisk> disks(InstanceId id, DomainDefinition definition) {
        Optional<String> root = definition.rootDevice();
        return definition.disks().stream()
                .map(disk ->
                        disk(id, disk, root.filter(disk.device()::equals).isPresent() ? DiskRole.ROOT : DiskRole.DATA))
                .toList();
    }

    private InstanceDisk disk(InstanceId id, DomainDisk disk, DiskRole role) {
        return new InstanceDisk(disk.device(), role, virtualSize(id, disk), BackingChain.known(disk));
    }

    /** From the file where that can be read, which waits for nobody; else from libvirt; 0 if nobody can tell. */
    private long virtualSize(InstanceId id, DomainDisk disk) {
        try {
            if (disk.path().isPresent()) {
                return BackingChain.virtualSize(new ImageLayer(disk.location(), disk.format()));
            }
            return capacity(id, disk);
        } catch (SnapshotException unreadable) {
            return capacity(id, disk);
        }
    }

    private long capacity(InstanceId id, DomainDisk disk) {
        try {
            return session.onDomain(
                    id, "read the size of " + disk.device(), Effect.NONE, domain -> domain.capacity(disk.device()));
        } catch (SnapshotException unknown) {
            return 0;
        }
    }
}
