package io.stillframe.libvirt.internal.driver;

import io.stillframe.image.Qcow2FileTarget;
import io.stillframe.image.RawFileTarget;
import io.stillframe.libvirt.CephOptions;
import io.stillframe.libvirt.LibvirtOptions;
import io.stillframe.libvirt.internal.domain.CephAccess;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.libvirt.internal.rbd.CephSession;
import io.stillframe.libvirt.internal.rbd.RbdImage;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.LaunchSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** Places, creates and removes the disks of launched instances: files, or volumes of Ceph. */
final class NewDisks {
    private final CephSession ceph;
    private final LibvirtOptions options;

    NewDisks(CephSession ceph, LibvirtOptions options) {
        this.ceph = ceph;
        this.options = options;
    }

    /** Where console output goes if an option says so, or the disks are files. */
    Optional<Path> logDirectory(PlannedLaunch.Disk disk) {
        return disk.place() instanceof DiskPlace.InFile file
                ? Optional.of(parent(file.path()))
                : options.diskDirectory();
    }

    // ---- places ----

    /** In the pool that an option names, else in the directory that one names, else beside the original. */
    PlannedLaunch.Disk place(String name, String nonce, LaunchSpec.Disk disk, DomainDisk original) {
        String stem = name + "-" + disk.device() + "." + nonce;
        Optional<RbdVolume> pool = pool(stem);
        if (pool.isEmpty() && options.diskDirectory().isEmpty()) {
            pool = original.rbdVolume().map(volume -> volume.beside(stem));
        }
        return pool.isPresent() ? onVolume(disk, pool.get(), Optional.empty()) : inFile(stem, disk, original);
    }

    /** In the pool that an option names, else beside the volume that it is cloned from. */
    PlannedLaunch.Disk placeClone(String name, String nonce, LaunchSpec.Disk disk, DiskPlace.Origin origin) {
        String stem = name + "-" + disk.device() + "." + nonce;
        RbdVolume volume = origin.volume().beside(stem);
        if (options.ceph().pool().isPresent()) {
            volume = RbdVolume.parse(
                    origin.volume().access(), options.ceph().pool().get() + "/" + stem);
        }
        return onVolume(disk, volume, Optional.of(origin));
    }

    private static PlannedLaunch.Disk onVolume(
            LaunchSpec.Disk disk, RbdVolume volume, Optional<DiskPlace.Origin> origin) {
        return new PlannedLaunch.Disk(disk.device(), new DiskPlace.OnVolume(volume, origin), "raw", disk.size());
    }

    private Optional<RbdVolume> pool(String stem) {
        CephOptions wanted = options.ceph();
        CephAccess access = new CephAccess(
                wanted.monitors(), wanted.user(), wanted.secret().map(uuid -> new CephAccess.SecretName("uuid", uuid)));
        return wanted.pool().map(pool -> RbdVolume.parse(access, pool + "/" + stem));
    }

    private PlannedLaunch.Disk inFile(String stem, LaunchSpec.Disk disk, DomainDisk original) {
        Path directory = options.diskDirectory()
                .or(() -> original.path()
                        .filter(path -> original.type().equals("file"))
                        .map(NewDisks::parent))
                .orElseThrow(() -> SnapshotException.unsupported("the original of disk " + disk.device()
                        + " is no local file; say where new disks go with the option disk-directory or ceph-pool"));
        if (!Files.isDirectory(directory)) {
            throw SnapshotException.invalid("the directory " + directory + " for disk " + disk.device()
                    + " does not exist; make it or name another one with the option disk-directory");
        }
        String format = original.format().equals("qcow2") ? "qcow2" : "raw";
        Path path = directory.resolve(stem + "." + format);
        return new PlannedLaunch.Disk(disk.device(), new DiskPlace.InFile(path), format, disk.size());
    }

    // ---- effects ----

    /** Makes it empty, in the place of one that an earlier try left. */
    BlockTarget create(PlannedLaunch.Disk disk) {
        remove(disk);
        if (disk.place() instanceof DiskPlace.OnVolume place) {
            ceph.create(place.volume(), disk.size());
            return ceph.openTarget(place.volume());
        }
        return createFile(((DiskPlace.InFile) disk.place()).path(), disk);
    }

    private static BlockTarget createFile(Path path, PlannedLaunch.Disk disk) {
        BlockTarget target = disk.format().equals("qcow2")
                ? Qcow2FileTarget.create(path, disk.size())
                : RawFileTarget.create(path, disk.size());
        try {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            return target;
        } catch (IOException e) {
            target.close();
            throw SnapshotException.permanent("cannot keep " + path + " from being read by others: " + e, e);
        }
    }

    /** Makes it by cloning what it begins as, in the place of one that an earlier try left. */
    void cloneOrigin(PlannedLaunch.Disk disk) {
        if (!(disk.place() instanceof DiskPlace.OnVolume place)
                || place.origin().isEmpty()) {
            throw SnapshotException.invalid("disk " + disk.device() + " was not planned as a clone");
        }
        remove(disk);
        DiskPlace.Origin origin = place.origin().get();
        ceph.cloneSnapshot(origin.volume(), origin.snapshot(), place.volume());
        ceph.change(place.volume(), "grow " + place.volume().name(), image -> image.grow(disk.size()));
    }

    void requireFilled(String launch, PlannedLaunch.Disk disk) {
        if (!exists(disk)) {
            throw SnapshotException.notFound("disk " + disk.device() + " of " + launch + " was not created at "
                    + disk.place().location());
        }
    }

    private boolean exists(PlannedLaunch.Disk disk) {
        if (disk.place() instanceof DiskPlace.OnVolume place) {
            try {
                return ceph.look(place.volume(), "look for " + place.volume().name(), RbdImage::size) >= 0;
            } catch (SnapshotException e) {
                if (e.kind() == Kind.NOT_FOUND) {
                    return false;
                }
                throw e;
            }
        }
        return Files.isRegularFile(((DiskPlace.InFile) disk.place()).path());
    }

    void remove(PlannedLaunch.Disk disk) {
        if (disk.place() instanceof DiskPlace.OnVolume place) {
            ceph.remove(place.volume());
        } else {
            remove(((DiskPlace.InFile) disk.place()).path());
        }
    }

    static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot remove " + path + ": " + e, e);
        }
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        return parent == null ? Path.of("/") : parent;
    }
}
