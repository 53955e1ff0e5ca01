package io.stillframe.image.vmdk;

import io.stillframe.internal.image.Findings;
import io.stillframe.internal.image.Layers;
import io.stillframe.internal.image.SpecRules;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageInfo;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * VMware's VMDK in one file.
 *
 * <p><b>Read</b>: {@code monolithicSparse} and {@code streamOptimized}, versions 1 to 3, grains of 4 KiB to 2 MiB, plain, zeroed or
 * compressed; the grain directory at the front or, named by the footer, at the end. The embedded descriptor must fit the header. Refused as
 * UNSUPPORTED: disks in several files or in raw extents ({@code monolithicFlat}, {@code twoGbMaxExtent…}, {@code vmfs…}), images with a
 * parent, encrypted ones. No file that a descriptor names is ever opened. Refused as CORRUPT: every field and table entry on the way that
 * breaks the format, and a compressed grain whose checksum (Adler-32) or length is wrong. Redundant tables are not needed for reading;
 * {@link #check} compares them.
 *
 * <p><b>Written</b>: {@code streamOptimized}, version 3, front to back, so that it can go to a pipe: grains of 64 KiB, zeros left out. Compression
 * {@code zlib} (level 1 to 9, default 2), or {@code none} for deflate's stored blocks. A disk whose size is no multiple of 512 bytes is given
 * out by other readers with zeros up to the next one, an empty one with one sector; exactly by this one, which keeps the size in the
 * descriptor's disk database. The file can have at most 2 TiB, the disk 1 PiB.
 *
 * <p>Memory: a reader keeps 4 MiB of tables at most, and for each thread in it at one time 576 KiB with grains of 64 KiB and, if they are
 * compressed, at most 212 KiB of the heap. A writer keeps one grain table, and 8 bytes for each 32 MiB of the disk that have data.
 */
public final class VmdkCodec implements ImageCodec {
    private static final String NAME = "vmdk";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String extension() {
        return NAME;
    }

    @Override
    public Set<CodecTrait> traits() {
        return Set.of(CodecTrait.READ, CodecTrait.WRITE, CodecTrait.RANDOM_ACCESS, CodecTrait.PIPE);
    }

    /** {@inheritDoc} Matches descriptors of disks in several files, too, which {@link #open} then refuses by name. */
    @Override
    public Probe probe(ByteBuffer head, long size) {
        return LayoutReader.recognises(head) ? Probe.MATCH : Probe.NO_MATCH;
    }

    @Override
    public BlockSource open(List<Layer> chain) {
        return Layers.openOnly(
                chain,
                "a vmdk image with a parent is not supported",
                image -> new VmdkSource(image, LayoutReader.read(image)));
    }

    @Override
    public ImageInfo describe(ByteSource image) {
        VmdkLayout layout = LayoutReader.read(image);
        SparseHeader header = layout.header();
        Map<String, String> details = new LinkedHashMap<>();
        details.put("create-type", layout.descriptor().createType());
        details.put("version", String.valueOf(header.version()));
        details.put("cluster-size", String.valueOf(layout.grainSize()));
        details.put("compression", layout.compressed() ? "zlib" : "none");
        details.put("content-id", layout.descriptor().contentId());
        if (!layout.descriptor().adapterType().isEmpty()) {
            details.put("adapter-type", layout.descriptor().adapterType());
        }
        details.put("unclean-shutdown", String.valueOf(header.unclean()));
        return new ImageInfo(NAME, layout.size(), image.size(), Optional.empty(), details);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Looks at the directory, all grain tables and their redundant copies, and the markers of compressed grains; finds what two of them
     * share. Space that nothing refers to is not looked for. Data is not inflated. Memory is bounded whatever the image's size.
     *
     * @throws SnapshotException UNSUPPORTED if the image needs what is not supported, so that nothing can be said of it
     */
    @Override
    public ImageCheck check(ByteSource image, Cancellation cancellation) {
        return Findings.of(
                () -> new VmdkCheck(image, LayoutReader.read(image), cancellation).run(),
                SnapshotException.Kind.CORRUPT);
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        return new VmdkWriter(WriterOptions.of(spec));
    }

    /**
     * The most bytes that a written image can have. Found from the extents alone, without reading data.
     *
     * @param spec what is to be written; of the source's virtual size
     * @param source the disk; stays open
     * @return an upper bound in bytes, near for {@code none}, far above what compression leaves otherwise
     * @throws SnapshotException INVALID if the options are out of range or the sizes differ; else as the source's extents do
     */
    public static long measure(ImageSpec spec, BlockSource source) {
        SpecRules.requireSizeOf(source, spec);
        VmdkMeasure measure = new VmdkMeasure(WriterOptions.of(spec));
        Iterator<Extent> extents = source.extents(new ByteRange(0, source.size()));
        return measure.of(extents);
    }
}
