package io.stillframe.image.pack;

import io.stillframe.internal.image.Layers;
import io.stillframe.model.Compression;
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
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code pack}: independent Zstandard frames with a paged index, a CRC32C of every frame and a digest of every chunk. Compression is
 * {@code zstd} with a level of -7 to 22, by default 1; the cluster size is what one frame holds of the disk, 64 KiB to 16 MiB, by default
 * 1 MiB. The digest is SHA-256; {@link #newWriter(long, PackOptions)} takes others or none.
 *
 * <p>Packs that this codec writes hold the whole disk. It also opens incremental ones, written by {@link IncrementalPack}: the layers
 * behind the first are the older packs that it needs, in any order.
 */
public final class PackCodec implements ImageCodec {
    static final String NAME = "pack";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String extension() {
        return "pack";
    }

    @Override
    public Set<CodecTrait> traits() {
        return Set.of(CodecTrait.READ, CodecTrait.WRITE, CodecTrait.RANDOM_ACCESS, CodecTrait.PIPE);
    }

    @Override
    public Probe probe(ByteBuffer head, long size) {
        if (head.remaining() < PackFormat.HEADER) {
            return Probe.NO_MATCH;
        }
        ByteBuffer bytes = head.slice().order(ByteOrder.LITTLE_ENDIAN);
        return bytes.getInt(0) == PackFormat.HEADER_FRAME && bytes.getLong(8) == PackFormat.PACK_MAGIC
                ? Probe.MATCH
                : Probe.NO_MATCH;
    }

    @Override
    public BlockSource open(List<Layer> chain) {
        try {
            if (chain.isEmpty()) {
                throw SnapshotException.invalid("a pack's declared chain has at least 1 layer");
            }
            IndexFile file = IndexFile.readPack(chain.get(0).bytes());
            DeclaredPacks declared = DeclaredPacks.of(chain.subList(1, chain.size()));
            declared.requireAll(file);
            return new PackedDisk(
                    file.disks().get(0),
                    declared,
                    () -> chain.forEach(layer -> layer.bytes().close()));
        } catch (RuntimeException | Error e) {
            Layers.closeAfter(e, chain);
            throw e;
        }
    }

    @Override
    public ImageInfo describe(ByteSource image) {
        IndexFile file = IndexFile.readPack(image);
        IndexedDisk disk = file.disks().get(0);
        List<PackReference> packs = file.directory().packs();
        Map<String, String> details = new LinkedHashMap<>();
        details.put("id", file.footer().id().hex());
        details.put("compression", "zstd");
        details.put("chunk-size", Integer.toString(disk.chunkSize()));
        details.put("chunks", Integer.toString(disk.chunkCount()));
        details.put("stored-chunks", Long.toString(disk.storedChunks()));
        details.put("digest", disk.digest().algorithm());
        details.put("complete-stream", file.footer().complete() ? "yes" : "no");
        for (int i = 0; i < packs.size(); i++) {
            details.put(
                    "needs-" + (i + 1),
                    packs.get(i).id().hex() + " " + packs.get(i).name());
        }
        Optional<ImageLayer> backing = packs.stream().findFirst().map(pack -> new ImageLayer(pack.name(), NAME));
        return new ImageInfo(name(), disk.size(), image.size(), backing, details);
    }

    @Override
    public ImageCheck check(ByteSource image, Cancellation cancellation) {
        return PackVerifier.check(image, cancellation);
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        PackOptions options = PackOptions.ofDefaults();
        if (spec.compression().isPresent()) {
            options = options.withLevel(level(spec.compression().get(), options.level()));
        }
        if (spec.clusterSize().isPresent()) {
            options = options.withChunkSize(spec.clusterSize().getAsInt());
        }
        return newWriter(spec.virtualSize(), options);
    }

    /**
     * Starts a pack of a whole disk.
     *
     * @param virtualSize bytes of the disk, at least 0
     * @return closed by the caller
     * @throws SnapshotException INVALID if the disk has more chunks than an index can count
     */
    public ImageWriter newWriter(long virtualSize, PackOptions options) {
        if (virtualSize < 0) {
            throw SnapshotException.invalid("virtual size " + virtualSize + " must be at least 0 bytes");
        }
        return new PackWriter(virtualSize, options, Optional.empty());
    }

    private static int level(Compression compression, int usual) {
        int level = compression.level().orElse(usual);
        if (!compression.algorithm().equals("zstd") || level < PackOptions.FASTEST || level > PackOptions.STRONGEST) {
            throw SnapshotException.invalid("a pack takes compression zstd:" + PackOptions.FASTEST + " to zstd:"
                    + PackOptions.STRONGEST + ", got '" + compression + "'");
        }
        return level;
    }
}
