package io.stillframe.spi.contract;

import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Hypervisor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A hypervisor with instances and guests to try, as the contract kits need it. An implementation's tests write one for it; tests that
 * need an ability that a lab does not have are skipped.
 *
 * <p>One test at a time uses a lab. What a lab does, it does without the driver and the capture under test as far as it can.
 */
public interface HypervisorLab extends AutoCloseable {
    /** What a lab can do besides having instances that are off. */
    enum Ability {
        /** {@link #boot}, {@link #writeInGuest} and {@link #assertWritesKept}. */
        GUEST,
        /** A {@link GuestKind#OBEDIENT} guest stops when it gets shutdown events. */
        OBEDIENT_GUEST,
        /** A {@link GuestKind#DEAF} guest can be made. */
        DEAF_GUEST,
        /** {@link #rebootFromInside}. */
        GUEST_REBOOT,
        /** {@link #crash}. */
        CRASH,
        /** The guest of an {@link GuestKind#OBEDIENT} instance has an agent that freezes; a deaf one has none. */
        AGENT,
        /** {@link #copyDisk}. */
        INDEPENDENT_READ
    }

    /** How a guest behaves. */
    enum GuestKind {
        /** Shuts down when asked. */
        OBEDIENT,
        /** Never reacts to shutdown events, and has no agent. */
        DEAF
    }

    Set<Ability> abilities();

    /** A connection to the hypervisor under test; closed by the caller. */
    Hypervisor connect();

    /** A name for an instance, not used before. Whatever instance is made of it, {@link #close} removes it. */
    String newName();

    /** Defines a new persistent instance that is off, with a root disk that is not empty and one data disk. Returns its name. */
    String newInstance(GuestKind kind);

    /** Starts an instance and returns when its guest is up: it writes, it hears shutdown events, its agent (if any) answers. */
    default void boot(String instance) {
        throw new UnsupportedOperationException();
    }

    /** Returns when the guest of a running instance is up, as {@link #boot} does. */
    default void awaitGuest(String instance) {
        throw new UnsupportedOperationException();
    }

    /** Has the guest of a running instance write something new to each of its disks, and returns when that is durable. */
    default void writeInGuest(String instance) {
        throw new UnsupportedOperationException();
    }

    /**
     * Checks that everything that {@link #writeInGuest} had the guest write to the instance is on its disks.
     *
     * @throws AssertionError if not
     */
    default void assertWritesKept(String instance) {
        throw new UnsupportedOperationException();
    }

    /**
     * Checks that the held content of all disks of an instance is of one moment.
     *
     * @param disks by device
     * @throws AssertionError if not
     */
    default void assertOneMoment(String instance, Map<String, BlockSource> disks) {}

    /** Has the guest reboot itself; returns when that is under way. */
    default void rebootFromInside(String instance) {
        throw new UnsupportedOperationException();
    }

    /** Crashes the guest or its hypervisor process; returns when it was done, perhaps before the hypervisor knows. */
    default void crash(String instance) {
        throw new UnsupportedOperationException();
    }

    /** Writes the content of a disk of an instance that is off to a raw file, by other means than the capture under test. */
    default void copyDisk(String instance, String device, Path target) {
        throw new UnsupportedOperationException();
    }

    /**
     * Whatever lies on the host for that instance beyond its definition and the disks that it was made with: overlays, scratch files,
     * sockets, bitmaps, volume snapshots, block jobs.
     */
    List<String> leftovers(String instance);

    /** How long to wait at most for the guest or the hypervisor. */
    Duration patience();

    /** How often a guest is asked to shut down, and the hypervisor asked for news. */
    Duration interval();

    /** Removes every instance that was made here or has a name from {@link #newName}, with its disks. */
    @Override
    void close();
}
