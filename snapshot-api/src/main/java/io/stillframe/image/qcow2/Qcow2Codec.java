package io.stillframe.image.qcow2;

import io.stillframe.internal.image.Findings;
import io.stillframe.internal.image.Layers;
import io.stillframe.internal.image.SpecRules;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageInfo;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;

/**
 * QEMU's qcow2.
 *
 * <p><b>Read</b>: versions 2 and 3, clusters of 512 bytes to 2 MiB, zlib and zstd compressed clusters, zero clusters, extended L2
 * entries, refcounts of any width (not needed for reading), backing chains as declared. Of an image with internal snapshots the active
 * layer is read; persistent bitmaps are described and not used; an image that was not closed cleanly (dirty bit) is read. Refused as
 * UNSUPPORTED: encryption, external data files, unknown incompatible features, a backing file that is named but not declared. Refused
 * as CORRUPT: an image marked corrupt, and every table entry on the way that breaks the format.
 *
 * <p>The declared chain is the truth, as it is for a hypervisor: a second layer that is declared is the backing layer, whatever name
 * the image has for it, or even if it has none; the name in the image is never followed. The backing layer may be shorter (the rest
 * reads as zeros) or longer (what exceeds the image is not seen).
 *
 * <p><b>Written</b>: version 3, 16-bit refcounts, no backing file; zeros are left unallocated. Compression {@code zstd} (the default, level
 * 1; -50 to 19), {@code zlib} (level 1 to 9, default 2) or {@code none}; clusters of 512 bytes to 2 MiB, by default 256 KiB compressed and
 * 64 KiB uncompressed. QEMU's {@code check} finds neither error nor leak in it. A disk whose size is no multiple of 512 bytes is given out
 * by other readers with zeros up to the next one, and exactly by this one.
 *
 * <p>Memory: a reader keeps 8 MiB of tables at most, and for each thread in it at one time two clusters (at least 512 KiB) and one
 * more, and with zlib as much again of the heap: three clusters at most, and 20 KiB. A writer keeps one L2 table, two refcount blocks, and 8 bytes for each L2 table and refcount block of the image.
 */
public final class Qcow2Codec implements ImageCodec {
    private static final String NAME = "qcow2";
    private static final int MOST_NAMES = 16;

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
        boolean match = head.remaining() >= 8
                && head.getInt(head.position()) == Qcow2Header.MAGIC
                && head.getInt(head.position() + 4) >= 2;
        return match ? Probe.MATCH : Probe.NO_MATCH;
    }

    @Override
    public BlockSource open(List<Layer> chain) {
        return open(chain, new Cancellation());
    }

    @Override
    public BlockSource open(List<Layer> chain, Cancellation cancellation) {
        if (chain.isEmpty()) {
            throw SnapshotException.invalid("a chain has at least one layer");
        }
        int passedOn = 0;
        try {
            ByteSource image = chain.get(0).bytes();
            Qcow2Header header = readable(image);
            requireDeclared(image, header, chain);
            Optional<BlockSource> backing = Optional.empty();
            if (chain.size() > 1) {
                List<Layer> rest = chain.subList(1, chain.size());
                passedOn = chain.size();
                backing = Optional.of(rest.get(0).codec().open(rest, cancellation));
            }
            return new Qcow2Source(image, header, backing);
        } catch (RuntimeException | Error e) {
            Layers.closeAfter(e, chain.subList(Math.max(1, passedOn), chain.size()));
            Layers.closeAfter(e, chain.subList(0, 1));
            throw e;
        }
    }

    private static Qcow2Header readable(ByteSource image) {
        Qcow2Header header = HeaderReader.read(image);
        if (header.markedCorrupt()) {
            throw SnapshotException.corrupt(
                    image.describe() + " is marked corrupt; repair it with qemu-img check -r before using it");
        }
        return header;
    }

    private static void requireDeclared(ByteSource image, Qcow2Header header, List<Layer> chain) {
        if (header.backing().isPresent() && chain.size() == 1) {
            throw SnapshotException.unsupported(
                    image.describe()
                            + " needs a backing file, and the declared chain ends with it; declare the whole chain or flatten the image");
        }
    }

    @Override
    public ImageInfo describe(ByteSource image) {
        Qcow2Header header = readable(image);
        Map<String, String> details = new LinkedHashMap<>();
        details.put("version", String.valueOf(header.version()));
        details.put("cluster-size", String.valueOf(header.geometry().clusterSize()));
        details.put("compression", header.compression().toString());
        details.put("refcount-bits", String.valueOf(1 << header.refcountOrder()));
        details.put("extended-l2", String.valueOf(header.geometry().extended()));
        details.put("lazy-refcounts", String.valueOf((header.compatible() & Features.LAZY_REFCOUNTS) != 0));
        details.put("dirty", String.valueOf(header.dirty()));
        details.put("internal-snapshots", String.valueOf(header.snapshots()));
        header.bitmaps().ifPresent(bitmaps -> {
            details.put("bitmaps", bitmapNames(image, header, bitmaps));
            details.put("bitmaps-consistent", String.valueOf(header.bitmapsConsistent()));
        });
        return new ImageInfo(
                NAME,
                header.size(),
                image.size(),
                header.backing().map(backing -> new ImageLayer(backing.name(), backing.format())),
                details);
    }

    private static String bitmapNames(ByteSource image, Qcow2Header header, Qcow2Header.Bitmaps bitmaps) {
        BitmapDirectory directory = new BitmapDirectory(image, bitmaps, header.geometry());
        StringJoiner names = new StringJoiner(", ");
        for (int i = 0; i < Math.min(bitmaps.count(), MOST_NAMES); i++) {
            BitmapDirectory.Entry entry = directory.next();
            names.add(entry.inUse() ? entry.name() + " (in use)" : entry.name());
        }
        if (bitmaps.count() > MOST_NAMES) {
            names.add("and " + (bitmaps.count() - MOST_NAMES) + " more");
        }
        return names.toString();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Compares the references to every host cluster with its stored refcount, of the active layer, internal snapshots, bitmaps and
     * all tables. Memory is bounded whatever the image's size, see {@link ImageCodec}. Data is not read, nor is it decompressed.
     *
     * @throws SnapshotException UNSUPPORTED if the image needs features that are not known, so that nothing can be said of it
     */
    @Override
    public ImageCheck check(ByteSource image, Cancellation cancellation) {
        return Findings.of(
                () -> new Qcow2Check(image, HeaderReader.read(image), cancellation).run(),
                SnapshotException.Kind.CORRUPT);
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        return new Qcow2Writer(WriterOptions.of(spec));
    }

    /**
     * The most bytes that a written image can have. Found from the extents alone, without reading data.
     *
     * @param spec what is to be written; of the source's virtual size
     * @param source the disk; stays open
     * @return an upper bound in bytes; exact up to tables for {@code none}, far above what compression leaves otherwise
     * @throws SnapshotException INVALID if the options are out of range or the sizes differ; else as the source's extents do
     */
    public static long measure(ImageSpec spec, BlockSource source) {
        SpecRules.requireSizeOf(source, spec);
        WriterOptions options = WriterOptions.of(spec);
        return new Qcow2Measure(options).of(source.extents(new io.stillframe.model.ByteRange(0, source.size())));
    }
}
