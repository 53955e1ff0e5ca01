package io.stillframe.image.vhdx;

import static io.stillframe.model.SnapshotException.corrupt;
import static io.stillframe.model.SnapshotException.unsupported;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Replays a log into an overlay of the file ("Log", "Log Sequence", "Log Replay"), which is only read. Costs two reads of the log at most,
 * whatever is in it, and memory of about 100 bytes for each of its sectors. For one use.
 */
final class LogReplay {
    /** Larger logs than any program writes. */
    static final long LARGEST_LOG = 256L << 20;

    /** How much longer than it is a log can make a file. */
    private static final long MOST_GROWTH = 1L << 30;

    private final ByteSource file;
    private final FileHeader header;
    private final LogSectors log;
    private final Map<Integer, LogEntry> entries = new HashMap<>();

    private LogReplay(ByteSource file, FileHeader header) {
        this.file = file;
        this.header = header;
        this.log = new LogSectors(file, header.logOffset(), (int) (header.logLength() / Structures.SECTOR));
    }

    /**
     * The file as it is once its log is replayed.
     *
     * @return closing it closes the file
     * @throws SnapshotException CORRUPT if there is no sequence of entries that can be replayed; UNSUPPORTED
     */
    static ByteSource of(ByteSource file, FileHeader header) {
        if (header.logVersion() != 0) {
            throw unsupported("a VHDX log has version " + header.logVersion() + "; 0 is supported");
        }
        long offset = header.logOffset();
        long length = header.logLength();
        boolean aligned = offset % Structures.MIB == 0 && length % Structures.MIB == 0;
        if (!aligned || length == 0 || offset < Structures.MIB || offset > file.size() - length) {
            throw corrupt("a VHDX log of " + length + " bytes at " + Long.toUnsignedString(offset)
                    + " is not aligned to 1 MiB or exceeds the file of " + file.size() + " bytes");
        }
        if (length > LARGEST_LOG) {
            throw unsupported("a VHDX log of " + length + " bytes must be replayed, at most " + LARGEST_LOG
                    + " are supported; attach the image to its hypervisor once, which replays it");
        }
        return new LogReplay(file, header).replay();
    }

    private ByteSource replay() {
        for (int sector = 0; sector < log.count(); sector++) {
            LogEntry entry = LogEntry.read(log, sector, header.logGuid());
            if (entry != null) {
                entries.put(sector, entry);
            }
        }
        Deque<LogEntry> sequence = activeSequence();
        LogEntry head = sequence.getLast();
        if (Long.compareUnsigned(head.flushedFileOffset(), file.size()) > 0) {
            throw corrupt("the VHDX log was written for a file of at least "
                    + Long.toUnsignedString(head.flushedFileOffset()) + " bytes, this one has " + file.size()
                    + ": it is truncated");
        }
        ReplayedBytes replayed = new ReplayedBytes(file, grownSize(head));
        sequence.forEach(entry -> apply(entry, replayed));
        return replayed;
    }

    private long grownSize(LogEntry head) {
        if (head.lastFileOffset() < 0 || head.lastFileOffset() > file.size() + MOST_GROWTH) {
            throw corrupt("the VHDX log makes the file of " + file.size() + " bytes "
                    + Long.toUnsignedString(head.lastFileOffset()) + " bytes long");
        }
        return Math.max(file.size(), head.lastFileOffset());
    }

    /** Of all runs of entries with rising numbers the one with the highest, if it reaches back to the tail that its head names. */
    private Deque<LogEntry> activeSequence() {
        Map<Integer, LogEntry> before = new HashMap<>();
        for (LogEntry entry : entries.values()) {
            next(entry).ifPresent(next -> before.put(next.sector(), entry));
        }
        Optional<Deque<LogEntry>> active = Optional.empty();
        for (LogEntry entry : entries.values()) {
            boolean newer = active.isEmpty()
                    || Long.compareUnsigned(
                                    entry.number(), active.get().getLast().number())
                            > 0;
            if (newer && next(entry).isEmpty()) {
                Optional<Deque<LogEntry>> sequence = sequence(entry, before);
                active = sequence.isPresent() ? sequence : active;
            }
        }
        return active.orElseThrow(() -> corrupt("the VHDX file was not closed cleanly, and its log has no sequence of"
                + " entries that can be replayed"));
    }

    private Optional<LogEntry> next(LogEntry entry) {
        LogEntry next = entries.get((entry.sector() + entry.sectors()) % log.count());
        return next != null && next.number() == entry.number() + 1 ? Optional.of(next) : Optional.empty();
    }

    /** The entries from the tail that {@code head} names up to it, oldest first. */
    private static Optional<Deque<LogEntry>> sequence(LogEntry head, Map<Integer, LogEntry> before) {
        Deque<LogEntry> sequence = new ArrayDeque<>();
        for (@Nullable LogEntry at = head; at != null; at = before.get(at.sector())) {
            sequence.addFirst(at);
            if (at.sector() == head.tailSector()) {
                return Optional.of(sequence);
            }
        }
        return Optional.empty();
    }

    private void apply(LogEntry entry, ReplayedBytes replayed) {
        int data = entry.descriptorSectors();
        for (int i = 0; i < entry.descriptors(); i++) {
            ByteBuffer descriptor = entry.descriptor(log, i);
            long at = descriptor.getLong(16);
            boolean zeros = descriptor.getInt(0) == LogEntry.ZERO;
            long length = zeros ? descriptor.getLong(8) : Structures.SECTOR;
            boolean aligned = at % Structures.SECTOR == 0 && length % Structures.SECTOR == 0;
            if (!aligned || at < 0 || length < 0 || at > replayed.size() - length) {
                throw corrupt("an entry of the VHDX log writes " + Long.toUnsignedString(length) + " bytes at "
                        + Long.toUnsignedString(at) + ", which is not aligned to 4 KiB or exceeds the file");
            }
            if (zeros) {
                replayed.putZeros(at, length);
            } else {
                long source = log.position(entry.sector() + data++);
                replayed.putSector(at, source, descriptor.getLong(8), descriptor.getInt(4));
            }
        }
    }
}
