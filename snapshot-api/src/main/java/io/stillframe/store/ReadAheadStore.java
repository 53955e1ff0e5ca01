package io.stillframe.store;

import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;

/** Reads the objects of another store ahead, each by a {@link ReadAheadSource}. Passing on otherwise; as safe for threads. */
public final class ReadAheadStore extends ForwardingStore {
    private final int blockSize;
    private final int blocks;

    private ReadAheadStore(ObjectStore store, int blockSize, int blocks) {
        super(store);
        this.blockSize = blockSize;
        this.blocks = blocks;
    }

    /**
     * A store that passes everything else on to {@code store}, which it closes with itself.
     *
     * @param blockSize as of {@link ReadAheadSource#around}
     * @param blocks as of {@link ReadAheadSource#around}
     */
    public static ReadAheadStore around(ObjectStore store, int blockSize, int blocks) {
        return new ReadAheadStore(store, blockSize, blocks);
    }

    @Override
    public ByteSource open(ObjectKey key) {
        return ReadAheadSource.around(super.open(key), blockSize, blocks);
    }
}
