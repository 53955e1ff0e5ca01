package io.stillframe.spi;

import io.stillframe.model.ByteRange;

/**
 * A run of a disk's bytes of one kind that is stored in one way.
 *
 * @param extent what the guest sees
 * @param storage where that comes from
 */
public record StoredExtent(Extent extent, Storage storage) {
    /** Where a run's bytes come from. Layers of the declared chain are counted from 0, the active one. */
    public sealed interface Storage {
        /**
         * As they are, one behind the other, in a layer's file.
         *
         * @param layer whose file
         * @param offset of the run's first byte in that file; if the file has a log that is not replayed yet, as it is afterwards
         */
        record Plain(int layer, long offset) implements Storage {}

        /**
         * Compressed in a layer's file, so that none of its bytes stands alone.
         *
         * @param layer whose file
         */
        record Compressed(int layer) implements Storage {}

        /**
         * Nowhere: a layer's tables say that they are zeros.
         *
         * @param layer whose tables
         */
        record Marked(int layer) implements Storage {}

        /** Nowhere, in no layer; or the format does not tell. */
        record Untold() implements Storage {}
    }

    /** An extent whose format does not tell more. */
    public static StoredExtent untold(Extent extent) {
        return new StoredExtent(extent, new Storage.Untold());
    }

    public ByteRange range() {
        return extent.range();
    }

    /** This extent as one of a layer so many further down the chain. */
    public StoredExtent below(int layers) {
        if (storage instanceof Storage.Plain plain) {
            return new StoredExtent(extent, new Storage.Plain(plain.layer() + layers, plain.offset()));
        }
        if (storage instanceof Storage.Compressed compressed) {
            return new StoredExtent(extent, new Storage.Compressed(compressed.layer() + layers));
        }
        if (storage instanceof Storage.Marked marked) {
            return new StoredExtent(extent, new Storage.Marked(marked.layer() + layers));
        }
        return this;
    }
}
