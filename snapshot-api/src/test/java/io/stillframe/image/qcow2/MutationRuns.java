package io.stillframe.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.function.Consumer;

/**
 * Reads an image in thousands of broken forms, each from its own seed, which a failure names. {@code -Dstillframe.fuzz.executions=N} tries
 * more, {@code -Dstillframe.fuzz.seed=N} others.
 */
public final class MutationRuns {
    private static final int EXECUTIONS = Integer.getInteger("stillframe.fuzz.executions", 1500);
    private static final long FIRST_SEED = Long.getLong("stillframe.fuzz.seed", 1);
    private static final int MOST_READ = 1 << 20;

    private MutationRuns() {}

    /**
     * Hands broken forms of an image to a reader, which may answer each with CORRUPT or UNSUPPORTED, and fail with nothing else.
     *
     * @param what the image is, for messages
     */
    public static void run(
            byte[] image, ByteOrder order, Mutation.Places places, String what, Consumer<byte[]> reader) {
        for (int i = 0; i < EXECUTIONS; i++) {
            long seed = FIRST_SEED + i;
            byte[] mutated = new Mutation(image, order, places, seed).mutated();
            try {
                reader.accept(mutated);
            } catch (SnapshotException e) {
                requireAnswer(e, what + ", seed " + seed);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(what + ", seed " + seed + " made the reader fail", e);
            }
        }
    }

    private static void requireAnswer(SnapshotException e, String what) {
        assertThat(e.kind())
                .as("%s: %s", what, e)
                .isIn(SnapshotException.Kind.CORRUPT, SnapshotException.Kind.UNSUPPORTED);
    }

    /** Checks and describes the image, which may be refused. */
    public static void check(ImageCodec codec, ByteSource bytes) {
        try {
            codec.check(bytes, new Cancellation());
            codec.describe(bytes);
        } catch (SnapshotException e) {
            requireAnswer(e, "check");
        }
    }

    /** Walks all extents and reads the first data. */
    public static void read(BlockSource disk) {
        Iterator<Extent> extents = disk.extents(new ByteRange(0, disk.size()));
        long at = 0;
        long read = 0;
        while (extents.hasNext()) {
            Extent extent = extents.next();
            assertThat(extent.range().start()).isEqualTo(at);
            at = extent.range().end();
            if (extent.isData() && read < MOST_READ) {
                int length = (int) Math.min(extent.range().length(), MOST_READ - read);
                disk.read(extent.range().start(), ByteBuffer.allocateDirect(length));
                read += length;
            }
        }
        assertThat(at).isEqualTo(disk.size());
    }
}
