package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.EmptyOverlay;
import io.stillframe.libvirt.internal.domain.Qcow2Header;
import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The overlay's file and its two marks beside it, empty files whose existence is made durable before what they announce:
 *
 * <ul>
 *   <li>{@code OVERLAY.merging}: a merge was begun; the base may hold parts of the overlay, the point in time is gone;
 *   <li>{@code OVERLAY.merged}: the base holds all of the overlay as soon as that is in no chain any more.
 * </ul>
 *
 * <p>An overlay that is in no chain may be removed when it is marked as merged or was never written to; otherwise it holds writes that
 * nothing else has, and stays.
 */
final class OverlayFiles {
    /** Where QEMU keeps its locks on an image: {@code RAW_LOCK_PERM_BASE} to the end of {@code RAW_LOCK_SHARED_BASE}'s range. */
    private static final long LOCKS_START = 100;

    private static final long LOCKS_LENGTH = 164;

    private OverlayFiles() {}

    /** Makes the overlay, in the place of one that an earlier try left without a write. */
    static void create(OverlayPlan.Disk disk) {
        if (Files.exists(disk.overlay())) {
            if (!Qcow2Header.holdsNothing(disk.overlay()) || isInUse(disk.overlay())) {
                throw SnapshotException.conflict(
                        "the file " + disk.overlay() + " exists and is in use or was written to");
            }
            delete(disk.overlay());
        }
        EmptyOverlay.create(disk.overlay(), disk.virtualSize(), disk.base(), disk.baseFormat());
        syncDirectory(disk);
    }

    static boolean isMergeBegun(OverlayPlan.Disk disk) {
        return Files.exists(merging(disk)) || Files.exists(merged(disk));
    }

    static void markMerging(OverlayPlan.Disk disk) {
        mark(disk, merging(disk));
    }

    static void markMerged(OverlayPlan.Disk disk) {
        mark(disk, merged(disk));
    }

    static void unmarkMerged(OverlayPlan.Disk disk) {
        if (Files.exists(merged(disk))) {
            delete(merged(disk));
            syncDirectory(disk);
        }
    }

    /** Whether removing the overlay loses nothing, given that it is in no chain. */
    static boolean isExpendable(OverlayPlan.Disk disk) {
        return !Files.exists(disk.overlay()) || Files.exists(merged(disk)) || Qcow2Header.holdsNothing(disk.overlay());
    }

    /** Removes the overlay and its marks; nothing may refer to it. */
    static void remove(LibvirtSession session, OverlayPlan.Disk disk) {
        if (Files.exists(disk.overlay())) {
            requireUnused(session, disk);
            delete(disk.overlay());
            syncDirectory(disk);
        }
        delete(merged(disk));
        delete(merging(disk));
        syncDirectory(disk);
    }

    /** Gives the base back to whom it belonged when nothing used it. */
    static void restoreOwnership(OverlayPlan.Disk disk) {
        if (disk.ownership().isEmpty() || !Files.exists(disk.base())) {
            return;
        }
        OverlayPlan.Ownership ownership = disk.ownership().get();
        try {
            Files.setAttribute(disk.base(), "unix:uid", ownership.uid());
            Files.setAttribute(disk.base(), "unix:gid", ownership.gid());
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot give " + disk.base() + " back to its owner: " + e, e);
        }
    }

    static Optional<OverlayPlan.Ownership> ownershipOf(Path file) {
        try {
            return Optional.of(new OverlayPlan.Ownership(
                    (Integer) Files.getAttribute(file, "unix:uid"), (Integer) Files.getAttribute(file, "unix:gid")));
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.empty();
        }
    }

    private static void requireUnused(LibvirtSession session, OverlayPlan.Disk disk) {
        for (LibvirtSession.HostDomain domain : session.hostDomains()) {
            if (HostDisks.names(domain, disk.overlay())) {
                throw SnapshotException.conflict(
                        "the overlay " + disk.overlay() + " is still named by instance " + domain.name());
            }
        }
        if (isInUse(disk.overlay())) {
            throw SnapshotException.conflict("the overlay " + disk.overlay()
                    + " is in no definition but a process has it open as a disk; stop that process first");
        }
    }

    /** Whether QEMU or one of its tools has locked the image. */
    private static boolean isInUse(Path image) {
        try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock(LOCKS_START, LOCKS_LENGTH, false)) {
            return lock == null;
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot see whether " + image + " is in use: " + e, e);
        }
    }

    private static Path merging(OverlayPlan.Disk disk) {
        return Path.of(disk.overlay() + ".merging");
    }

    private static Path merged(OverlayPlan.Disk disk) {
        return Path.of(disk.overlay() + ".merged");
    }

    private static void mark(OverlayPlan.Disk disk, Path mark) {
        try {
            if (!Files.exists(mark)) {
                Files.createFile(mark);
            }
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot write the mark " + mark + ": " + e, e);
        }
        syncDirectory(disk);
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot remove " + file + ": " + e, e);
        }
    }

    private static void syncDirectory(OverlayPlan.Disk disk) {
        Path directory = disk.overlay().getParent();
        if (directory == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot make the names in " + directory + " durable: " + e, e);
        }
    }
}
