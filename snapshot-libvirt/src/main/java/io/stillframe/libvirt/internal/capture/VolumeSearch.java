package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.connection.LibvirtSession.HostDomain;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.libvirt.internal.rbd.CephSession;
import io.stillframe.libvirt.internal.rbd.RbdImage;
import io.stillframe.model.DiskRole;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CapturePlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds our snapshots on the volumes that the host's domains name. A volume that no domain names, or that cannot be asked, is left out.
 */
final class VolumeSearch {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeSearch.class);

    private final LibvirtSession session;
    private final CephSession ceph;

    VolumeSearch(LibvirtSession session, CephSession ceph) {
        this.session = session;
        this.ceph = ceph;
    }

    /** What was found of one snapshot. */
    private record Found(HostDomain domain, Map<String, CapturePlan.Disk> disks, List<VolumePlan.Disk> volumes) {}

    /**
     * Finds what is held, or what is kept.
     *
     * @param kept which of both
     */
    List<CapturePlan> find(boolean kept) {
        Map<SnapshotId, Found> found = new LinkedHashMap<>();
        session.hostDomains().forEach(domain -> search(domain, kept, found));
        return found.entrySet().stream()
                .map(entry -> plan(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static CapturePlan plan(SnapshotId snapshot, Found found) {
        VolumePlan plan = new VolumePlan(snapshot, found.domain.id(), found.volumes);
        return new CapturePlan(snapshot, found.domain.id(), List.copyOf(found.disks.values()), plan.toState());
    }

    private void search(HostDomain domain, boolean kept, Map<SnapshotId, Found> found) {
        for (String xml : domain.xml()) {
            DomainDefinition definition = DomainDefinition.parse(xml);
            Optional<String> root = definition.rootDevice();
            for (DomainDisk disk : definition.disks()) {
                DiskRole role = root.filter(disk.device()::equals).isPresent() ? DiskRole.ROOT : DiskRole.DATA;
                volumeOf(domain, disk)
                        .ifPresent(volume -> search(domain, new Place(disk.device(), role, volume), kept, found));
            }
        }
    }

    /** A disk of a domain that is a volume. */
    private record Place(String device, DiskRole role, RbdVolume volume) {}

    private void search(HostDomain domain, Place place, boolean kept, Map<SnapshotId, Found> found) {
        for (RbdImage.Snapshot snapshot : snapshots(domain, place.volume)) {
            Optional<VolumePlan.Name> name = VolumePlan.nameOf(snapshot.name()).filter(each -> each.kept() == kept);
            if (name.isEmpty()) {
                continue;
            }
            Found entry = found.computeIfAbsent(
                    name.get().snapshot(), id -> new Found(domain, new LinkedHashMap<>(), new ArrayList<>()));
            if (entry.domain.id().equals(domain.id()) && !entry.disks.containsKey(place.device)) {
                entry.disks.put(place.device, new CapturePlan.Disk(place.device, place.role, "raw", snapshot.size()));
                entry.volumes.add(new VolumePlan.Disk(place.device, place.volume, snapshot.size()));
            }
        }
    }

    private List<RbdImage.Snapshot> snapshots(HostDomain domain, RbdVolume volume) {
        try {
            return ceph.look(volume, "look at the snapshots of " + volume.name(), RbdImage::snapshots);
        } catch (SnapshotException e) {
            LOG.warn("the volume {} of instance {} cannot be searched: {}", volume.name(), domain.name(), e.toString());
            return List.of();
        }
    }

    private static Optional<RbdVolume> volumeOf(HostDomain domain, DomainDisk disk) {
        try {
            return disk.rbdVolume();
        } catch (SnapshotException e) {
            LOG.debug("disk {} of instance {} names no volume", disk.device(), domain.name(), e);
            return Optional.empty();
        }
    }
}
