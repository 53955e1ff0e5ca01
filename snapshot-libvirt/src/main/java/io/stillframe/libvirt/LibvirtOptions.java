package io.stillframe.libvirt;

import io.stillframe.model.SnapshotException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a libvirt host is used. Immutable, validated when built.
 *
 * @param diskDirectory absolute directory for the disks of launched instances; the directory of the original's disk if empty
 * @param mergeBandwidth most bytes a second that giving up a point in time may write while the instance runs; 0 for no limit
 * @param mergeStall how long a merge may show no progress before it counts as stalled; 1 s to 1 h
 */
public record LibvirtOptions(Optional<Path> diskDirectory, long mergeBandwidth, Duration mergeStall) {
    public LibvirtOptions {
        if (diskDirectory.isPresent() && !diskDirectory.get().isAbsolute()) {
            throw SnapshotException.invalid(
                    "the directory for disks must be an absolute path, got '" + diskDirectory.get() + "'");
        }
        if (mergeBandwidth < 0) {
            throw SnapshotException.invalid(
                    "merge bandwidth " + mergeBandwidth + " must be 0 (no limit) or more bytes a second");
        }
        if (mergeStall.compareTo(Duration.ofSeconds(1)) < 0 || mergeStall.compareTo(Duration.ofHours(1)) > 0) {
            throw SnapshotException.invalid("merge stall " + mergeStall + " must be 1 s to 1 h");
        }
    }

    /** Disks beside the original's, no limit on merging, stalled after 60 s without progress. */
    public static LibvirtOptions ofDefaults() {
        return new LibvirtOptions(Optional.empty(), 0, Duration.ofSeconds(60));
    }

    public LibvirtOptions withDiskDirectory(Path value) {
        return new LibvirtOptions(Optional.of(value), mergeBandwidth, mergeStall);
    }

    public LibvirtOptions withMergeBandwidth(long bytesPerSecond) {
        return new LibvirtOptions(diskDirectory, bytesPerSecond, mergeStall);
    }

    public LibvirtOptions withMergeStall(Duration value) {
        return new LibvirtOptions(diskDirectory, mergeBandwidth, value);
    }
}
