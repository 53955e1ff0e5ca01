package io.stillframe.image;

import io.stillframe.image.StreamSettings.ContentDigesting;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Turns a disk's content into a stored image in one pass: units of at least 1 MiB are read, zero-tested, digested and encoded by several
 * threads at once and appended in disk order. What the source knows as hole or zero is never read. Memory is fixed, see {@link
 * StreamSettings}.
 */
public final class ImageStream {
    private static final int LARGEST_CHUNK = 1 << 26;

    private ImageStream() {}

    /**
     * Streams the whole disk. The calling thread plans and writes; when this returns or throws, every worker has ended and all memory
     * is free. (A worker that is stuck inside the source or an encoder is interrupted and given 30 seconds, then left behind.)
     *
     * <p>With a foreign executor that has no free thread, the calling thread also reads and encodes; such a read ends early only if the
     * source itself gives up or the calling thread is interrupted.
     *
     * <p>A failure on any side ends the others at once and is thrown once, of its own kind, with the original as its cause. A call of
     * {@code target} that blocks holds the end up: targets obey the same cancellation or have their own deadline. Interrupting the
     * calling thread cancels the stream; its interrupt flag stays set.
     *
     * @param source read by several threads; stays open
     * @param writer new, for a disk of the source's size; stays open, and is void if this throws
     * @param target gets the image; stays open
     * @param cancellation checked before every unit
     * @param listener told after every unit, in the calling thread
     * @throws SnapshotException CANCELLED; INVALID if the memory limit is too small for the codec's chunks; else as the source, the
     *     writer and the target do
     */
    public static StreamResult run(
            BlockSource source,
            ImageWriter writer,
            StreamTarget target,
            StreamSettings settings,
            Cancellation cancellation,
            StreamListener listener) {
        int chunk = checkedChunk(writer.chunkSize());
        int unit = Math.max(ContentDigest.CHUNK, chunk);
        try (DirectMemory memory = new DirectMemory()) {
            List<ImageSlot> slots = slots(writer, unit, chunk, settings, memory);
            int threads = Math.min(settings.threads(), slots.size());
            boolean digest = settings.digest() == ContentDigesting.ON;
            ImageSequence sequence = new ImageSequence(source.size(), writer, target, settings, listener);
            surfacing(() -> {
                sequence.begin();
                return sequence;
            });
            DiskPipeline<ImageSlot> pipeline = new DiskPipeline<>(
                    source, unit, slots, () -> new EncodingWork(writer.newEncoder(), digest), sequence, cancellation);
            pipeline.run(threads, settings.executor(), memory);
            return surfacing(sequence::finish);
        }
    }

    /** The stages before and behind the pipeline fail as those in it do. */
    private static <T> T surfacing(Supplier<T> stage) {
        try {
            return stage.get();
        } catch (SnapshotException e) {
            throw e;
        } catch (Throwable e) {
            throw SnapshotException.permanent("streaming a disk failed unexpectedly: " + e, e);
        }
    }

    private static int checkedChunk(int chunk) {
        if (chunk < 1 || chunk > LARGEST_CHUNK || Integer.bitCount(chunk) != 1) {
            throw SnapshotException.invalid(
                    "a codec's chunk size must be a power of two up to " + LARGEST_CHUNK + " bytes, got " + chunk);
        }
        return chunk;
    }

    private static List<ImageSlot> slots(
            ImageWriter writer, int unit, int chunk, StreamSettings settings, DirectMemory memory) {
        long stored = (long) (unit / chunk) * writer.maxEncodedSize();
        int count = DiskPipeline.slots(settings.threads(), unit + stored, settings.memoryLimit());
        List<ImageSlot> slots = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            slots.add(new ImageSlot(memory, unit, chunk, writer.maxEncodedSize()));
        }
        return slots;
    }
}
