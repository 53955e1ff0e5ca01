package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.domain.Qcow2Header;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Merges an overlay into its base while nothing runs on it, by {@code qemu-img commit}, which holds QEMU's locks on both files, so that
 * an instance that is started meanwhile fails to start rather than run on a disk that changes under it. The formats are those that the
 * overlay's own head declares. The overlay is empty afterwards; if the tool is stopped half-way, it still holds everything.
 */
final class OfflineMerge {
    private static final long PAUSE_NANOS = 20_000_000L;
    private static final int LONGEST_MESSAGE = 2000;

    private final Duration stall;
    private final Cancellation cancellation;

    OfflineMerge(Duration stall, Cancellation cancellation) {
        this.stall = stall;
        this.cancellation = cancellation;
    }

    /** Whether it was merged, or not begun because something uses the image. */
    enum Outcome {
        MERGED,
        IN_USE
    }

    Outcome merge(OverlayPlan.Disk disk) {
        requireOverBase(disk);
        OverlayFiles.markMerging(disk);
        Process process = start(disk);
        try {
            String message = await(process, disk);
            if (process.exitValue() == 0) {
                return Outcome.MERGED;
            }
            if (message.contains("lock")) {
                return Outcome.IN_USE;
            }
            throw SnapshotException.permanent(
                    "qemu-img could not merge " + disk.overlay() + " into " + disk.base() + ": " + message, null);
        } finally {
            process.destroy();
        }
    }

    private static void requireOverBase(OverlayPlan.Disk disk) {
        Qcow2Header header = Qcow2Header.read(disk.overlay());
        boolean asPlanned = header.backingFile().equals(Optional.of(disk.base().toString()))
                && header.backingFormat().equals(Optional.of(disk.baseFormat()));
        if (!asPlanned) {
            throw SnapshotException.conflict("the overlay " + disk.overlay() + " lies over "
                    + header.backingFile().orElse("nothing") + " of format "
                    + header.backingFormat().orElse("unknown") + ", planned was " + disk.base() + " of format "
                    + disk.baseFormat() + "; merge it by hand");
        }
    }

    private static Process start(OverlayPlan.Disk disk) {
        ProcessBuilder builder = new ProcessBuilder(List.of(
                "qemu-img", "commit", "-p", "-f", "qcow2", disk.overlay().toString()));
        builder.environment().put("LC_ALL", "C");
        builder.redirectErrorStream(true);
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            return process;
        } catch (IOException e) {
            throw SnapshotException.permanent(
                    "cannot run qemu-img, which merges the disks of an instance that is off; install it: " + e, e);
        }
    }

    /** Waits for the end, and returns what it said. It is alive as long as it speaks or the base changes. */
    private String await(Process process, OverlayPlan.Disk disk) {
        StringBuilder said = new StringBuilder();
        long lastSign = System.nanoTime();
        long lastChange = lastChange(disk);
        try (InputStream output = process.getInputStream()) {
            while (!process.waitFor(0, TimeUnit.NANOSECONDS)) {
                int before = said.length();
                drain(output, said);
                long change = lastChange(disk);
                if (said.length() != before || change != lastChange) {
                    lastChange = change;
                    lastSign = System.nanoTime();
                } else if (System.nanoTime() - lastSign > stall.toNanos()) {
                    throw SnapshotException.transientFault(
                            "qemu-img shows no progress with " + disk.overlay() + " for " + stall.toSeconds()
                                    + " s; the release is still owed",
                            null);
                }
                cancellation.await(PAUSE_NANOS);
            }
            drain(output, said);
            return lastLine(said);
        } catch (IOException e) {
            throw SnapshotException.transientFault("cannot read what qemu-img says: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(
                    SnapshotException.Kind.CANCELLED, "interrupted while merging " + disk.overlay(), e);
        }
    }

    private static void drain(InputStream output, StringBuilder said) throws IOException {
        int available = output.available();
        if (available > 0) {
            said.append(new String(output.readNBytes(available), StandardCharsets.UTF_8));
        }
    }

    private static String lastLine(StringBuilder said) {
        String text = said.substring(Math.max(0, said.length() - LONGEST_MESSAGE));
        return text.substring(text.lastIndexOf('\r') + 1).strip();
    }

    private static long lastChange(OverlayPlan.Disk disk) {
        try {
            return Files.getLastModifiedTime(disk.base()).toMillis();
        } catch (IOException e) {
            return 0;
        }
    }
}
