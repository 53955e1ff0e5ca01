package io.stillframe.image.vhdx;

import io.stillframe.internal.image.Findings;
import io.stillframe.internal.image.Layers;
import io.stillframe.internal.image.MappedSource;
import io.stillframe.internal.image.PagedBytes;
import io.stillframe.internal.image.SpecRules;
import io.stillframe.internal.image.TouchedBlocks;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageInfo;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code vhdx}: Hyper-V's VHDX.
 *
 * <p><b>Read</b>: fixed and dynamic images with logical sectors of 512 and 4096 bytes. Of the two headers the intact one with the higher sequence
 * number counts, of the region tables the first intact one. An image that was not closed cleanly is read as if its log had been replayed, which
 * is done in memory; the file is not changed. A log that cannot be replayed makes the image CORRUPT. Differencing images, and images that need
 * regions or metadata that are not known, are refused as UNSUPPORTED.
 *
 * <p><b>Written</b>: dynamic, with blocks of 1 MiB to 256 MiB (cluster size), by default 2 MiB, more for disks above 1 TiB; only blocks with data.
 * Sectors are 512 bytes, 4096 physically; disks have at most 64 TiB. There is no compression. A disk whose size is no multiple of 512 bytes is given
 * out by other readers with zeros up to the next one, and exactly by this one. The same disk gives the same bytes: unique identifiers follow from
 * the content.
 *
 * <p>Memory: a reader keeps 4 MiB of tables at most, and where the sectors of a dirty log lie, at most 256 MiB of log; a writer 1 MiB, and one bit
 * for each block of the disk.
 */
public final class VhdxCodec implements ImageCodec {
    private static final String NAME = "vhdx";
    private static final int PAGE = 64 << 10;
    private static final int PAGES = 64;

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
        return Set.of(CodecTrait.READ, CodecTrait.WRITE, CodecTrait.RANDOM_ACCESS);
    }

    @Override
    public Probe probe(ByteBuffer head, long size) {
        boolean match = head.remaining() >= Long.BYTES
                && head.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong(head.position())
                        == Structures.FILE_SIGNATURE;
        return match ? Probe.MATCH : Probe.NO_MATCH;
    }

    @Override
    public BlockSource open(List<Layer> chain) {
        return Layers.openOnly(chain, "a VHDX without parent has no backing file", file -> {
            VhdxImage image = VhdxImage.read(file);
            PagedBytes pages = pages(image);
            return new MappedSource(image.bytes(), image.metadata().size(), () -> new PayloadMap(image, pages));
        });
    }

    private static PagedBytes pages(VhdxImage image) {
        return new PagedBytes(image.bytes(), ByteOrder.LITTLE_ENDIAN, PAGE, PAGES);
    }

    @Override
    public ImageInfo describe(ByteSource file) {
        VhdxImage image = VhdxImage.read(file);
        Metadata metadata = image.metadata();
        Map<String, String> details = new LinkedHashMap<>();
        details.put("subformat", metadata.leaveAllocated() ? "fixed" : "dynamic");
        details.put("block-size", String.valueOf(metadata.blockSize()));
        details.put("logical-sector-size", String.valueOf(metadata.logicalSector()));
        details.put("physical-sector-size", String.valueOf(metadata.physicalSector()));
        details.put("creator", creator(file));
        details.put("dirty", String.valueOf(image.header().dirty()));
        return new ImageInfo(NAME, metadata.size(), file.size(), Optional.empty(), details);
    }

    private static String creator(ByteSource file) {
        byte[] creator = new byte[Structures.CREATOR_LENGTH];
        Structures.read(file, Structures.AT_CREATOR, creator.length).get(creator);
        String text = new String(creator, StandardCharsets.UTF_16LE);
        int end = text.indexOf('\0');
        return (end < 0 ? text : text.substring(0, end)).replaceAll("[^ -~]", "?");
    }

    /**
     * {@inheritDoc}
     *
     * <p>Finds entries of the block allocation table that are not valid, blocks and regions that overlap or exceed the file, and broken copies. A
     * log that can be replayed is no fault, nor is space that nothing uses: writers leave it on purpose. Data is not read.
     */
    @Override
    public ImageCheck check(ByteSource file, Cancellation cancellation) {
        return Findings.of(() -> check(VhdxImage.read(file), cancellation), SnapshotException.Kind.CORRUPT);
    }

    private static ImageCheck check(VhdxImage image, Cancellation cancellation) {
        return new VhdxCheck(image, new PayloadMap(image, pages(image)), cancellation).run();
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        SpecRules.requireNoCompression("a VHDX", spec);
        return new VhdxWriter(VhdxLayout.of(spec));
    }

    /**
     * How many bytes a written image has at most. Found from the extents alone, without reading data; blocks of zeros that the extents call
     * data are counted and not written.
     *
     * @param spec what is to be written; of the source's virtual size
     * @param source the disk; stays open
     * @throws SnapshotException INVALID if the options are out of range or the sizes differ; else as the source's extents do
     */
    public static long measure(ImageSpec spec, BlockSource source) {
        SpecRules.requireSizeOf(source, spec);
        SpecRules.requireNoCompression("a VHDX", spec);
        VhdxLayout layout = VhdxLayout.of(spec);
        return layout.fileSize(
                TouchedBlocks.count(source.extents(new ByteRange(0, source.size())), layout.blockSize()));
    }
}
