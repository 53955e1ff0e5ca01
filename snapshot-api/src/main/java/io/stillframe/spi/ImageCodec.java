package io.stillframe.spi;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/**
 * One disk-image or container format. Stateless and safe for use by several threads; found through
 * {@link java.util.ServiceLoader}, by name. The name is written into every snapshot's record and manifest.
 *
 * <p>Hostile input is expected: every size, offset and table entry that comes from a file is checked before use; whatever the bytes
 * are, a reader answers within bounded time and memory, with content or with CORRUPT or UNSUPPORTED.
 */
public interface ImageCodec {
    /** Lower-case name, e.g. {@code qcow2}, {@code raw}, {@code zstd}. */
    String name();

    /** File name extension without dot, e.g. {@code qcow2}, {@code raw.zst}. */
    String extension();

    /** What it can do; constant. */
    Set<CodecTrait> traits();

    /**
     * Whether a file that starts so looks like this format. Only for files whose origin is trusted to say so (a person's own file on
     * the command line), never for bytes that a guest wrote.
     *
     * @param head the first bytes of the file, up to 4 KiB
     * @param size the file's length
     */
    Probe probe(ByteBuffer head, long size);

    /** What a look at a file's first bytes says. */
    enum Probe {
        MATCH,
        NO_MATCH
    }

    /**
     * Opens an image for random access.
     *
     * @param chain the declared chain's bytes, active layer first; this codec reads the first and opens the second, if the image needs
     *     it, as {@code open} says. Ownership passes to the returned source, also when this call throws
     * @throws io.stillframe.model.SnapshotException CORRUPT if it breaks its format; UNSUPPORTED if it needs what is not supported
     *     (encryption, an external data file, a backing file that was not declared)
     */
    BlockSource open(List<Layer> chain);

    /**
     * As {@link #open(List)}, by work that may be told to stop. A codec overrides this if opening may read all of an image, or if it
     * opens further layers; this one does not look at the cancellation.
     *
     * @throws io.stillframe.model.SnapshotException also CANCELLED
     */
    default BlockSource open(List<Layer> chain, Cancellation cancellation) {
        return open(chain);
    }

    /**
     * One layer of a declared chain.
     *
     * @param bytes the layer's bytes
     * @param codec how to read them
     */
    record Layer(ByteSource bytes, ImageCodec codec) {}

    /**
     * Reads an image front to back, for one that comes through a pipe: the disk's bytes from first to last. Only codecs with {@link
     * CodecTrait#SEQUENTIAL} do.
     *
     * @param stored the image, read by the result's reads alone, buffered or not; not closed
     * @return for one thread at a time. Its reads throw SnapshotException: CORRUPT if the image breaks its format, its end being too
     *     early included; UNSUPPORTED as {@link #open}; PERMANENT, or an IOException, if {@code stored} fails
     * @throws io.stillframe.model.SnapshotException UNSUPPORTED if this codec cannot
     */
    default InputStream decode(InputStream stored) {
        throw io.stillframe.model.SnapshotException.unsupported(
                "format " + name() + " needs random access and cannot be read front to back; convert from a file");
    }

    /** Describes an image without opening its chain. Throws as {@link #open}. The caller keeps the source. */
    ImageInfo describe(ByteSource image);

    /**
     * Reads all metadata and reports every fault found. The caller keeps the source.
     *
     * @throws io.stillframe.model.SnapshotException UNSUPPORTED if the image needs what is not supported, so that nothing can be said of
     *     it; else only if reading itself fails or the work is cancelled
     */
    ImageCheck check(ByteSource image, Cancellation cancellation);

    /**
     * Starts a new image.
     *
     * @return closed by the caller
     * @throws io.stillframe.model.SnapshotException INVALID if the options are out of range, naming limits; UNSUPPORTED if this codec
     *     does not write
     */
    ImageWriter newWriter(ImageSpec spec);
}
