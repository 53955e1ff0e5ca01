package io.stillframe.image.vhd;

import io.stillframe.internal.image.SpecRules;
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
import java.util.List;
import java.util.Set;

/**
 * {@code vhd-fixed}: writes fixed VHD images, the disk's bytes with a footer behind them; reads what {@link VhdCodec} reads.
 *
 * <p><b>Written</b>: of at most 2040 GiB. The size that other readers see is the disk's, rounded up with zeros to a multiple of the cluster size,
 * 512 bytes to 1 MiB, by default 512 bytes. Azure takes only fixed images whose size is a multiple of 1 MiB: write with a cluster size of 1
 * MiB for it.
 */
public final class FixedVhdCodec implements ImageCodec {
    private static final String NAME = "vhd-fixed";
    private static final int LARGEST_UNIT = 1 << 20;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String extension() {
        return "vhd";
    }

    @Override
    public Set<CodecTrait> traits() {
        return Set.of(
                CodecTrait.READ, CodecTrait.WRITE, CodecTrait.RANDOM_ACCESS, CodecTrait.PIPE, CodecTrait.STORES_ZEROS);
    }

    /** Nothing in a fixed image's first bytes is its own. */
    @Override
    public Probe probe(ByteBuffer head, long size) {
        return Probe.NO_MATCH;
    }

    @Override
    public BlockSource open(List<Layer> chain) {
        return VhdCodec.openAny(chain);
    }

    @Override
    public ImageInfo describe(ByteSource image) {
        return VhdCodec.describeAny(NAME, image);
    }

    @Override
    public ImageCheck check(ByteSource image, Cancellation cancellation) {
        return VhdCodec.checkAny(image, cancellation);
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        SpecRules.requireNoCompression("a VHD", spec);
        int unit = spec.clusterSize().orElse(DynamicHeader.SECTOR);
        if (unit < DynamicHeader.SECTOR || unit > LARGEST_UNIT) {
            throw SnapshotException.invalid("a fixed VHD's size is rounded up to a multiple (cluster size) of "
                    + DynamicHeader.SECTOR + " to " + LARGEST_UNIT + " bytes, got " + unit);
        }
        DynamicLayout.requireSize(spec.virtualSize());
        return new FixedWriter(spec.virtualSize(), (spec.virtualSize() + unit - 1) / unit * unit);
    }
}
