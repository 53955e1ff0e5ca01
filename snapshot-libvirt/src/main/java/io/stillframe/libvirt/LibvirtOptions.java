package io.stillframe.libvirt;

import io.stillframe.model.SnapshotException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a libvirt host is used. Immutable, validated when built.
 *
 * @param diskDirectory absolute directory for the disks of launched instances; the directory of the original's disk if empty
 * @param overlayDirectory absolute directory for the overlays over block devices, which have no directory of their own; QEMU must be able
 *     to use it
 * @param mergeBandwidth most bytes a second that giving up a point in time may write while the instance runs; 0 for no limit
 * @param mergeStall how long a merge may show no progress before it counts as stalled; 1 s to 1 h
 * @param ceph how volumes of Ceph are used
 */
public record LibvirtOptions(
        Optional<Path> diskDirectory,
        Path overlayDirectory,
        long mergeBandwidth,
        Duration mergeStall,
        CephOptions ceph) {
    public LibvirtOptions {
        if (diskDirectory.isPresent() && !diskDirectory.get().isAbsolute()) {
            throw SnapshotException.invalid(
                    "the directory for disks must be an absolute path, got '" + diskDirectory.get() + "'");
        }
        if (!overlayDirectory.isAbsolute()) {
            throw SnapshotException.invalid(
                    "the directory for overlays must be an absolute path, got '" + overlayDirectory + "'");
        }
        if (mergeBandwidth < 0) {
            throw SnapshotException.invalid(
                    "merge bandwidth " + mergeBandwidth + " must be 0 (no limit) or more bytes a second");
        }
        if (mergeStall.compareTo(Duration.ofSeconds(1)) < 0 || mergeStall.compareTo(Duration.ofHours(1)) > 0) {
            throw SnapshotException.invalid("merge stall " + mergeStall + " must be 1 s to 1 h");
        }
    }

    /**
     * Disks beside the original's, overlays over block devices in {@code /var/lib/libvirt/images}, no limit on merging, stalled after 60 s
     * without progress, Ceph as configured on the host.
     */
    public static LibvirtOptions ofDefaults() {
        return new LibvirtOptions(
                Optional.empty(),
                Path.of("/var/lib/libvirt/images"),
                0,
                Duration.ofSeconds(60),
                CephOptions.ofDefaults());
    }

    public LibvirtOptions withDiskDirectory(Path value) {
        return new LibvirtOptions(Optional.of(value), overlayDirectory, mergeBandwidth, mergeStall, ceph);
    }

    public LibvirtOptions withOverlayDirectory(Path value) {
        return new LibvirtOptions(diskDirectory, value, mergeBandwidth, mergeStall, ceph);
    }

    public LibvirtOptions withMergeBandwidth(long bytesPerSecond) {
        return new LibvirtOptions(diskDirectory, overlayDirectory, bytesPerSecond, mergeStall, ceph);
    }

    public LibvirtOptions withMergeStall(Duration value) {
        return new LibvirtOptions(diskDirectory, overlayDirectory, mergeBandwidth, value, ceph);
    }

    public LibvirtOptions withCeph(CephOptions value) {
        return new LibvirtOptions(diskDirectory, overlayDirectory, mergeBandwidth, mergeStall, value);
    }
}
