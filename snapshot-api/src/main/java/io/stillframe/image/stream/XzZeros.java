package io.stillframe.image.stream;

import io.stillframe.image.ZeroTest;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds out which blocks hold zeros only, for certain: those that are stored in less than 1/1000 of their size are read and compared with
 * one that was decompressed. For one thread.
 */
final class XzZeros implements AutoCloseable {
    private static final int RATIO = 1000;
    /** Blocks that are decompressed at most; the kinds that a writer of ours makes are the powers of two. */
    private static final int MOST_DECODED = 48;

    private static final int LARGEST = 16 << 20;

    private final ByteSource image;
    private final XzDecompressor decompressor;
    private final Map<Kind, Verdict> known = new HashMap<>();
    private int decoded;

    XzZeros(ByteSource image, int check) {
        this.image = image;
        this.decompressor = new XzDecompressor(check);
    }

    /** Whether the block is known to hold {@code length} zeros; a block that cannot be decompressed is not. */
    boolean isZero(long offset, int stored, int length) {
        if ((long) stored * RATIO > length || length > LARGEST) {
            return false;
        }
        ByteBuffer block = ByteBuffer.allocate(stored);
        image.read(offset, block);
        block.flip();
        Verdict verdict = known.get(new Kind(stored, length));
        if (verdict == null || !verdict.block.equals(block)) {
            if (decoded == MOST_DECODED) {
                return false;
            }
            decoded++;
            verdict = new Verdict(block, decodesToZeros(block.duplicate(), length));
            known.put(new Kind(stored, length), verdict);
        }
        return verdict.zeros;
    }

    private boolean decodesToZeros(ByteBuffer block, int length) {
        try (DirectMemory memory = new DirectMemory()) {
            ByteBuffer plain = memory.allocate(length);
            decompressor.decompress(block, plain, length);
            return ZeroTest.isZero(plain, 0, length);
        } catch (SnapshotException e) {
            return false;
        }
    }

    @Override
    public void close() {
        decompressor.close();
    }

    private record Kind(int stored, int length) {}

    private record Verdict(ByteBuffer block, boolean zeros) {}
}
