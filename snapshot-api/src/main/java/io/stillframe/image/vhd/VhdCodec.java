package io.stillframe.image.vhd;

import io.stillframe.internal.image.BoundedReads;
import io.stillframe.internal.image.Findings;
import io.stillframe.internal.image.Layers;
import io.stillframe.internal.image.MappedSource;
import io.stillframe.internal.image.PagedBytes;
import io.stillframe.internal.image.PlainExtents;
import io.stillframe.internal.image.SpecRules;
import io.stillframe.internal.image.TouchedBlocks;
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
import io.stillframe.spi.StoredExtent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code vhd}: reads fixed and dynamic VHD images, writes dynamic ones ({@link FixedVhdCodec} writes fixed ones).
 *
 * <p><b>Read</b>: the footer at the end of the file counts. Its copy in front of a dynamic disk is used only where it is missing or broken, so
 * that no guest can turn its fixed disk into another kind of image by what it writes to the first sector. Checksums of footer and header must
 * be right, sector bitmaps are honoured. Differencing images are refused as UNSUPPORTED.
 *
 * <p>The disk's size is the footer's current size; but by the creators {@code vpc } (Virtual PC) and {@code qemu} it is what the geometry
 * says, unless that is the largest one, as these show no more than that to a guest. {@link #describe} says which of the two counts
 * ({@code size-from}).
 *
 * <p><b>Written</b>: blocks of 512 KiB to 16 MiB (cluster size), by default 2 MiB, only those with data; of at most 2040 GiB, which is the
 * format's limit. Block data of 2 MiB blocks and larger is aligned to 4 KiB. The geometry is exact or the largest one, so that every reader sees
 * the whole disk. There is no compression. A disk whose size is no multiple of 512 bytes is given out by other readers with zeros up to the next
 * one, and exactly by this one. The same disk gives the same bytes: the time stamp is zero, and the unique identifier follows from the content.
 *
 * <p>Memory: a reader keeps 5 MiB of tables at most; a writer the block allocation table, 4 bytes for each block of the disk.
 */
public final class VhdCodec implements ImageCodec {
    private static final String NAME = "vhd";
    private static final int TABLE_PAGE = 64 << 10;
    private static final int TABLE_PAGES = 64;
    private static final int BITMAP_PAGE = 4 << 10;
    private static final int BITMAP_PAGES = 256;

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

    /** Recognises dynamic images. A fixed one begins with what its guest wrote, and so its format must be given. */
    @Override
    public Probe probe(ByteBuffer head, long size) {
        boolean match =
                head.remaining() >= Footer.LENGTH && Footer.isFooter(head.slice(head.position(), Footer.LENGTH));
        return match ? Probe.MATCH : Probe.NO_MATCH;
    }

    @Override
    public BlockSource open(List<Layer> chain) {
        return openAny(chain);
    }

    /** Opens an image of either kind. */
    static BlockSource openAny(List<Layer> chain) {
        return Layers.openOnly(chain, "a fixed or dynamic VHD has no backing file", image -> {
            VhdHeaders headers = VhdHeaders.read(image);
            return headers.dynamic()
                    .<BlockSource>map(dynamic -> dynamic(image, headers, dynamic))
                    .orElseGet(() -> new FixedSource(image, headers.footer().size()));
        });
    }

    private static BlockSource dynamic(ByteSource image, VhdHeaders headers, DynamicHeader dynamic) {
        PagedBytes table = tablePages(image);
        PagedBytes bitmaps = bitmapPages(image);
        return new MappedSource(
                image,
                headers.footer().size(),
                () -> new DynamicMap(dynamic, image.size(), image.describe(), table, bitmaps));
    }

    /** A map of a dynamic disk, for one thread at a time. */
    static DynamicMap map(ByteSource image, DynamicHeader dynamic) {
        return new DynamicMap(dynamic, image.size(), image.describe(), tablePages(image), bitmapPages(image));
    }

    private static PagedBytes tablePages(ByteSource image) {
        return new PagedBytes(image, ByteOrder.BIG_ENDIAN, TABLE_PAGE, TABLE_PAGES);
    }

    private static PagedBytes bitmapPages(ByteSource image) {
        return new PagedBytes(image, ByteOrder.BIG_ENDIAN, BITMAP_PAGE, BITMAP_PAGES);
    }

    @Override
    public ImageInfo describe(ByteSource image) {
        return describeAny(NAME, image);
    }

    /** Describes an image of either kind. */
    static ImageInfo describeAny(String format, ByteSource image) {
        VhdHeaders headers = VhdHeaders.read(image);
        Footer footer = headers.footer();
        Map<String, String> details = new LinkedHashMap<>();
        details.put("subformat", headers.dynamic().isPresent() ? "dynamic" : "fixed");
        headers.dynamic().ifPresent(dynamic -> details.put("block-size", String.valueOf(1 << dynamic.blockBits())));
        details.put("creator", footer.creator().replaceAll("[^ -~]", "?").strip());
        details.put("geometry", footer.geometry().toString());
        details.put("size-from", footer.sizedByGeometry() ? "geometry" : "current-size");
        details.put("footer", headers.place() == VhdHeaders.Place.COPY ? "copy" : "end");
        return new ImageInfo(format, footer.size(), image.size(), Optional.empty(), details);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Compares footer and copy, and finds blocks that overlap each other or another structure, or exceed the file. Data is not read.
     */
    @Override
    public ImageCheck check(ByteSource image, Cancellation cancellation) {
        return checkAny(image, cancellation);
    }

    /** Checks an image of either kind. */
    static ImageCheck checkAny(ByteSource image, Cancellation cancellation) {
        return Findings.of(
                () -> new VhdCheck(image, VhdHeaders.read(image), cancellation).run(), SnapshotException.Kind.CORRUPT);
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        SpecRules.requireNoCompression("a VHD", spec);
        return new DynamicWriter(DynamicLayout.of(spec));
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
        SpecRules.requireNoCompression("a VHD", spec);
        DynamicLayout layout = DynamicLayout.of(spec);
        long blocks = TouchedBlocks.count(source.extents(new ByteRange(0, source.size())), layout.blockSize());
        return layout.firstBlock() + blocks * layout.stride() + Footer.LENGTH;
    }

    /** A fixed disk: the file's first bytes. Its holes are those of the file. */
    private static final class FixedSource implements BlockSource {
        private final ByteSource image;
        private final long size;

        FixedSource(ByteSource image, long size) {
            this.image = image;
            this.size = size;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public Iterator<Extent> extents(ByteRange range) {
            BoundedReads.requireInside(image, size, range);
            return image.extents(range);
        }

        @Override
        public Iterator<StoredExtent> storedExtents(ByteRange range) {
            BoundedReads.requireInside(image, size, range);
            return new PlainExtents(image, range);
        }

        @Override
        public void read(long position, ByteBuffer target) {
            BoundedReads.requireInside(image, size, position, target.remaining());
            image.read(position, target);
        }

        @Override
        public void close() {
            image.close();
        }
    }
}
