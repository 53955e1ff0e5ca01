package io.stillframe.model;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What new instance is asked for. Immutable; made by {@link #of} and {@code with…}, validated when built.
 *
 * @param snapshot the snapshot to launch from; must be available
 * @param name the new instance's name; must not be taken
 * @param disks root disk by default, or all disks as one consistent set
 * @param rootDiskSize the root disk's size in bytes, at least the snapshot's virtual size; that size if empty
 * @param start whether the new instance is started or only defined
 * @param readFrom which region's copy is read
 * @param host the host that it is launched on, by the name that the services know it by; the original's if this service reaches it, else
 *     its only one, if empty
 */
public record LaunchRequest(
        SnapshotId snapshot,
        String name,
        DiskSelection disks,
        OptionalLong rootDiskSize,
        Start start,
        ReadFrom readFrom,
        Optional<String> host) {
    /** What happens after the definition. */
    public enum Start {
        STARTED,
        DEFINED_ONLY
    }

    public LaunchRequest {
        Names.instance(name);
        host.ifPresent(h -> Names.label("a host's name", h));
        if (rootDiskSize.isPresent() && rootDiskSize.getAsLong() <= 0) {
            throw SnapshotException.invalid("disk size " + rootDiskSize.getAsLong() + " must be over 0 bytes");
        }
    }

    /** The root disk in its own size, started. */
    public static LaunchRequest of(SnapshotId snapshot, String name) {
        return new LaunchRequest(
                snapshot,
                name,
                DiskSelection.root(),
                OptionalLong.empty(),
                Start.STARTED,
                ReadFrom.any(),
                Optional.empty());
    }

    public LaunchRequest withDisks(DiskSelection value) {
        return new LaunchRequest(snapshot, name, value, rootDiskSize, start, readFrom, host);
    }

    /** The root disk's size in bytes. */
    public LaunchRequest withRootDiskSize(long bytes) {
        return new LaunchRequest(snapshot, name, disks, OptionalLong.of(bytes), start, readFrom, host);
    }

    public LaunchRequest withStart(Start value) {
        return new LaunchRequest(snapshot, name, disks, rootDiskSize, value, readFrom, host);
    }

    /** Which region's copy is read. */
    public LaunchRequest withReadFrom(ReadFrom value) {
        return new LaunchRequest(snapshot, name, disks, rootDiskSize, start, value, host);
    }

    /** The host that it is launched on, by the name that the service was given it by; its URI by default. */
    public LaunchRequest withHost(String value) {
        return new LaunchRequest(snapshot, name, disks, rootDiskSize, start, readFrom, Optional.of(value));
    }

    /** Reads that region's copy, and another one where something is missing or broken there. */
    public LaunchRequest withRegion(String region) {
        return withReadFrom(ReadFrom.preferring(region));
    }
}
