package io.stillframe.libvirt.internal.driver;

import io.stillframe.libvirt.internal.connection.DomainHandle;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.connection.LibvirtFailure;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.BackingChain;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.libvirt.internal.rbd.CephSession;
import io.stillframe.libvirt.internal.rbd.RbdImage;
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
    private final CephSession ceph;
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

    InstanceObserver(LibvirtSession session, CephSession ceph) {
        this.session = session;
        this.ceph = ceph;
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
                disks(id, off, DomainDefinition.parse(look.current)),
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

    private List<InstanceDisk> disks(InstanceId id, boolean off, DomainDefinition definition) {
        Optional<String> root = definition.rootDevice();
        return definition.disks().stream()
                .map(disk -> disk(
                        id, off, disk, root.filter(disk.device()::equals).isPresent() ? DiskRole.ROOT : DiskRole.DATA))
                .toList();
    }

    private InstanceDisk disk(InstanceId id, boolean off, DomainDisk disk, DiskRole role) {
        return new InstanceDisk(disk.device(), role, virtualSize(id, off, disk), BackingChain.known(disk));
    }

    /**
     * From the file where that can be read, which waits for nobody; else from libvirt, which cannot tell a volume's while nothing runs on
     * it; 0 if nobody can tell.
     */
    private long virtualSize(InstanceId id, boolean off, DomainDisk disk) {
        try {
            if (off && disk.rbdVolume().isPresent()) {
                RbdVolume volume = disk.rbdVolume().get();
                return ceph.look(volume, "read the size of " + volume.name(), RbdImage::size);
            }
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
