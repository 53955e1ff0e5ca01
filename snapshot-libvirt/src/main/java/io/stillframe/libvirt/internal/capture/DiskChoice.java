package io.stillframe.libvirt.internal.capture;

import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import java.util.List;

/** Which disks of an instance a capture is asked for. */
final class DiskChoice {
    private DiskChoice() {}

    static List<InstanceDisk> of(InstanceState instance, DiskSelection selection) {
        List<InstanceDisk> selected;
        if (selection instanceof DiskSelection.Devices devices) {
            selected = instance.disks().stream()
                    .filter(disk -> devices.devices().contains(disk.device()))
                    .toList();
            requireAll(instance, devices.devices());
        } else if (selection instanceof DiskSelection.Root) {
            selected = instance.disks().stream()
                    .filter(disk -> disk.role() == DiskRole.ROOT)
                    .toList();
        } else {
            selected = instance.disks();
        }
        if (selected.isEmpty()) {
            throw SnapshotException.unsupported("instance " + instance.name() + " has no disk that it can write");
        }
        return selected;
    }

    private static void requireAll(InstanceState instance, List<String> devices) {
        List<String> existing =
                instance.disks().stream().map(InstanceDisk::device).toList();
        for (String device : devices) {
            if (!existing.contains(device)) {
                throw SnapshotException.notFound(
                        "instance " + instance.name() + " has no disk " + device + "; it has " + existing);
            }
        }
    }
}
