package io.stillframe.internal.image;

import io.stillframe.spi.StoredExtent.Storage;

/** Where the bytes of an image itself lie, as opposed to those of its backing images. */
public final class ActiveLayer {
    /** Compressed in its file. */
    public static final Storage COMPRESSED = new Storage.Compressed(0);
    /** Zeros by its tables. */
    public static final Storage MARKED = new Storage.Marked(0);
    /** Nowhere in it. */
    public static final Storage UNTOLD = new Storage.Untold();

    private ActiveLayer() {}

    /** As they are, from that offset of its file on. */
    public static Storage plain(long offset) {
        return new Storage.Plain(0, offset);
    }
}
