package io.stillframe.spi;

import java.util.Optional;

/**
 * A connection to one hypervisor: its driver and the way its disks are captured. Safe for use by several threads; closed by whoever
 * opened it.
 */
public interface Hypervisor extends AutoCloseable {
    /** Where it is, without secrets, in the form that it can be opened with again, e.g. {@code qemu:///system}. */
    String uri();

    /** The driver; lives as long as this connection. */
    HypervisorDriver driver();

    /** The capture; lives as long as this connection. */
    DiskCapture capture();

    /** Snapshots that stay on block storage, if this hypervisor can have instances on such; lives as long as this connection. */
    default Optional<VolumeSnapshots> volumes() {
        return Optional.empty();
    }

    /** Ends the connection and its threads; instances and held points in time stay as they are. Idempotent. */
    @Override
    void close();
}
