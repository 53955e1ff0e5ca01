package io.stillframe.image;

import io.stillframe.image.StreamSettings.ContentDigesting;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Digest;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.Cancellation;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Copies a disk's content onto a new disk: parallel reads, decoding and digests, ordered writes of what is not zero. Threads, memory,
 * failure, cancellation and interrupts are as in {@link ImageStream#run}.
 */
public final class DiskCopy {
    /** What stays a hole in the target: aligned runs of zeros of this many bytes. */
    private static final int GRAIN = 64 * 1024;

    private static final int UNIT = ContentDigest.CHUNK;

    private DiskCopy() {}

    /**
     * Copies the whole disk. The target may be larger; what is behind the source's end stays zero. Does not finish the target.
     *
     * @return the source's content digest, unless the settings leave it out
     * @throws SnapshotException INVALID if the target is smaller; CANCELLED; else as the source and the target do
     */
    public static Optional<Digest> run(
            BlockSource source,
            BlockTarget target,
            StreamSettings settings,
            Cancellation cancellation,
            StreamListener listener) {
        if (target.size() < source.size()) {
            throw SnapshotException.invalid("a disk of " + source.size() + " bytes does not fit onto one of "
                    + target.size() + " bytes; make the target at least as large");
        }
        return pass(source, new CopySequence(source.size(), Optional.of(target), listener), settings, cancellation);
    }

    /**
     * Reads the whole disk and computes its content digest.
     *
     * @throws SnapshotException CANCELLED; else as the source does
     */
    public static Digest digest(
            BlockSource source, StreamSettings settings, Cancellation cancellation, StreamListener listener) {
        CopySequence sequence = new CopySequence(source.size(), Optional.empty(), listener);
        return pass(source, sequence, settings.withDigest(ContentDigesting.ON), cancellation)
                .orElseThrow();
    }

    private static Optional<Digest> pass(
            BlockSource source, CopySequence sequence, StreamSettings settings, Cancellation cancellation) {
        boolean digest = settings.digest() == ContentDigesting.ON;
        try (DirectMemory memory = new DirectMemory()) {
            List<CopySlot> slots = slots(settings, memory);
            int threads = Math.min(settings.threads(), slots.size());
            new DiskPipeline<>(source, UNIT, slots, () -> new DigestingWork(digest), sequence, cancellation)
                    .run(threads, settings.executor(), memory);
            return digest ? Optional.of(sequence.content.finish()) : Optional.empty();
        }
    }

    private static List<CopySlot> slots(StreamSettings settings, DirectMemory memory) {
        int count = DiskPipeline.slots(settings.threads(), UNIT, settings.memoryLimit());
        List<CopySlot> slots = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            slots.add(new CopySlot(new UnitSlot(memory.allocate(UNIT), GRAIN)));
        }
        return slots;
    }

    private record CopySlot(UnitSlot unit) implements DiskPipeline.Slot {}

    private static final class DigestingWork implements DiskPipeline.Work<CopySlot> {
        private final MessageDigest sha = ContentDigest.sha256();
        private final boolean digest;

        DigestingWork(boolean digest) {
            this.digest = digest;
        }

        @Override
        public void process(CopySlot slot) {
            if (digest) {
                slot.unit().digest(sha);
            }
        }

        @Override
        public void close() {}
    }

    private static final class CopySequence implements DiskPipeline.Sequence<CopySlot> {
        private final ContentDigest content;
        private final Optional<BlockTarget> target;
        private final StreamListener listener;
        private long bytesRead;
        private long bytesWritten;

        CopySequence(long size, Optional<BlockTarget> target, StreamListener listener) {
            this.content = new ContentDigest(size);
            this.target = target;
            this.listener = listener;
        }

        @Override
        public void zeros(ByteRange range) {
            // A new disk is all zeros.
        }

        @Override
        public void unit(CopySlot slot) {
            UnitSlot unit = slot.unit();
            target.ifPresent(disk -> write(unit, disk));
            unit.addDigestsTo(content);
            bytesRead += unit.dataBytes();
            listener.onProgress(bytesRead, bytesWritten);
        }

        private void write(UnitSlot unit, BlockTarget disk) {
            int at = 0;
            while (at < unit.length()) {
                int end = at;
                while (end < unit.length() && unit.hasData(end, Math.min(end + GRAIN, unit.length()))) {
                    end = Math.min(end + GRAIN, unit.length());
                }
                if (end > at) {
                    disk.write(unit.position() + at, unit.raw(at, end));
                    bytesWritten += end - at;
                }
                at = end + GRAIN;
            }
        }
    }
}
