package io.stillframe.image.pack;

import io.stillframe.spi.ByteSource;
import java.util.List;

/**
 * A pack that is open for a look at its index, e.g. as the base of the next generation. Safe for use by several threads, as long as its
 * bytes are open.
 */
public final class PackFile {
    private final IndexFile file;

    private PackFile(IndexFile file) {
        this.file = file;
        file.requirePack();
    }

    /**
     * Reads a pack's footer and directory.
     *
     * @param bytes stay the caller's, open as long as the result is used; references to the pack will have the last part of their
     *     description as name
     * @throws io.stillframe.model.SnapshotException CORRUPT or UNSUPPORTED
     */
    public static PackFile open(ByteSource bytes) {
        return new PackFile(IndexFile.read(bytes));
    }

    /**
     * The same.
     *
     * @param name what references to the pack will call it, e.g. its key in an object store; at most 1024 bytes of UTF-8
     */
    public static PackFile open(ByteSource bytes, String name) {
        return new PackFile(IndexFile.read(bytes, name));
    }

    /** Which pack it is. */
    public PackId id() {
        return file.footer().id();
    }

    /** How other files refer to it. */
    public PackReference reference() {
        return file.pack(StoredChunk.SELF);
    }

    /** Its disk: in an incremental pack too the whole of it, with chunks that lie in older packs. */
    public IndexedDisk disk() {
        return file.disks().get(0);
    }

    /** The older packs that it needs; none if it holds the whole disk. */
    public List<PackReference> needs() {
        return file.directory().packs();
    }

    /** Whether its frames alone are the whole disk, in order, so that {@code zstd -d} gives it. */
    public boolean complete() {
        return file.footer().complete();
    }
}
