package io.stillframe.image;

import io.stillframe.internal.image.Layers;
import io.stillframe.internal.image.PlainExtents;
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
import io.stillframe.spi.StoredExtent;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code raw}: the disk's bytes as they are. Holes are what the storage beneath knows as such; written zeros become holes again where
 * the target can leave them. Takes no compression but {@code none} and no cluster size. It carries no mark and no checksum: any bytes
 * are a valid raw image.
 */
public final class RawCodec implements ImageCodec {
    @Override
    public String name() {
        return "raw";
    }

    @Override
    public String extension() {
        return "raw";
    }

    @Override
    public Set<CodecTrait> traits() {
        return Set.of(
                CodecTrait.READ,
                CodecTrait.WRITE,
                CodecTrait.RANDOM_ACCESS,
                CodecTrait.PIPE,
                CodecTrait.SEQUENTIAL,
                CodecTrait.STORES_ZEROS);
    }

    @Override
    public InputStream decode(InputStream stored) {
        return stored;
    }

    @Override
    public Probe probe(ByteBuffer head, long size) {
        return Probe.NO_MATCH;
    }

    @Override
    public BlockSource open(List<Layer> chain) {
        return Layers.openOnly(chain, "a raw image has no backing file", RawBlocks::new);
    }

    @Override
    public ImageInfo describe(ByteSource image) {
        return new ImageInfo(name(), image.size(), image.size(), Optional.empty(), Map.of());
    }

    @Override
    public ImageCheck check(ByteSource image, Cancellation cancellation) {
        long allocated = 0;
        Iterator<Extent> extents = image.extents(new ByteRange(0, image.size()));
        while (extents.hasNext()) {
            cancellation.check();
            Extent extent = extents.next();
            allocated += extent.isData() ? extent.range().length() : 0;
        }
        return new ImageCheck(List.of(), List.of(), allocated);
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        SpecRules.requireNoCompression("a raw image", spec);
        if (spec.clusterSize().isPresent()) {
            throw SnapshotException.invalid("a raw image has no clusters, got a cluster size of "
                    + spec.clusterSize().getAsInt());
        }
        return new RawWriter();
    }

    private record RawBlocks(ByteSource bytes) implements BlockSource {
        @Override
        public long size() {
            return bytes.size();
        }

        @Override
        public Iterator<Extent> extents(ByteRange range) {
            return bytes.extents(range);
        }

        @Override
        public Iterator<StoredExtent> storedExtents(ByteRange range) {
            return new PlainExtents(bytes, range);
        }

        @Override
        public void read(long position, ByteBuffer target) {
            bytes.read(position, target);
        }

        @Override
        public void close() {
            bytes.close();
        }
    }
}
