package io.stillframe.image.stream;

import io.stillframe.internal.frame.DecodedStream;
import io.stillframe.internal.frame.Decompressor;
import io.stillframe.internal.frame.FrameBlocks;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.frame.SequentialBlocks;
import io.stillframe.internal.image.Findings;
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
import io.stillframe.spi.ImageSpec;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the compressed streams of a raw disk have in common. */
abstract class StreamCodec implements ImageCodec {
    private static final int SMALLEST_CHUNK = 64 << 10;
    private static final int DEFAULT_CHUNK = 1 << 20;

    /** The image's frames; empty if it can only be decoded front to back. Throws CORRUPT or UNSUPPORTED. */
    abstract Optional<FrameTable> frames(ByteSource image);

    /** For the frames that {@link #frames} found in the image. */
    abstract Decompressor newDecompressor(ByteSource image);

    /** Largest cluster size. */
    abstract int largestChunk();

    /** The lowest, the highest and the default level. */
    abstract int[] levels();

    @Override
    public String extension() {
        return "raw." + suffix();
    }

    /** What the stock tool appends to a file's name. */
    abstract String suffix();

    @Override
    public Set<CodecTrait> traits() {
        return Set.of(
                CodecTrait.READ, CodecTrait.WRITE, CodecTrait.RANDOM_ACCESS, CodecTrait.PIPE, CodecTrait.SEQUENTIAL);
    }

    @Override
    public BlockSource open(List<Layer> chain) {
        return open(chain, new Cancellation());
    }

    @Override
    public BlockSource open(List<Layer> chain, Cancellation cancellation) {
        return Layers.openOnly(chain, "a " + name() + " image has no backing file", image -> open(image, cancellation));
    }

    private BlockSource open(ByteSource image, Cancellation cancellation) {
        Optional<FrameTable> frames = frames(image);
        return frames.isPresent()
                ? new FrameBlocks(image, frames.get(), () -> newDecompressor(image))
                : sequential(image, cancellation);
    }

    private SequentialBlocks sequential(ByteSource image, Cancellation cancellation) {
        try {
            return SequentialBlocks.open(image, this::decode, cancellation);
        } catch (SnapshotException e) {
            throw new SnapshotException(e.kind(), name() + " image " + image.describe() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public InputStream decode(InputStream stored) {
        return new DecodedStream(stored, this::decoder);
    }

    /** The format's decoder, which throws an IOException for what breaks the format. */
    abstract InputStream decoder(InputStream stored) throws java.io.IOException;

    @Override
    public ImageInfo describe(ByteSource image) {
        Optional<FrameTable> frames = frames(image);
        Map<String, String> details = new LinkedHashMap<>();
        details.put("compression", name());
        details.put("access", frames.isPresent() ? "random" : "sequential");
        frames.ifPresent(table -> describe(table, details));
        // Only the end of a stream without index tells its size. The bytes stay the caller's, so this is not closed.
        long virtualSize = frames.map(FrameTable::diskEnd)
                .orElseGet(() -> sequential(image, new Cancellation()).size());
        return new ImageInfo(name(), virtualSize, image.size(), Optional.empty(), details);
    }

    private static void describe(FrameTable frames, Map<String, String> details) {
        long count = 0;
        long zero = 0;
        int largest = 0;
        for (FrameTable.Cursor frame = frames.first(); frame.exists(); frame.next()) {
            count += frame.length() > 0 ? 1 : 0;
            zero += frame.zero() ? 1 : 0;
            largest = Math.max(largest, frame.zero() ? 0 : frame.length());
        }
        details.put("frames", Long.toString(count));
        details.put("zero-frames", Long.toString(zero));
        details.put("largest-frame", Integer.toString(largest));
    }

    /** These formats have next to no metadata, so that their frames are decompressed, which verifies their checksums. */
    @Override
    public ImageCheck check(ByteSource image, Cancellation cancellation) {
        return Findings.of(
                () -> checkAll(image, cancellation),
                SnapshotException.Kind.CORRUPT,
                SnapshotException.Kind.UNSUPPORTED);
    }

    private ImageCheck checkAll(ByteSource image, Cancellation cancellation) {
        Optional<FrameTable> frames = frames(image);
        if (frames.isEmpty()) {
            return new ImageCheck(
                    List.of(), List.of(), sequential(image, cancellation).dataBytes());
        }
        try (FrameCheck check = new FrameCheck(image, newDecompressor(image), cancellation)) {
            return check.check(frames.get());
        }
    }

    /** The chunk size that is asked for. */
    final int chunk(ImageSpec spec) {
        int chunk = spec.clusterSize().orElse(DEFAULT_CHUNK);
        if (chunk < SMALLEST_CHUNK || chunk > largestChunk()) {
            throw SnapshotException.invalid("a " + name() + " image's cluster size must be " + SMALLEST_CHUNK + " to "
                    + largestChunk() + " bytes, got " + chunk);
        }
        return chunk;
    }

    /** The level that is asked for. */
    final int level(ImageSpec spec) {
        int[] levels = levels();
        if (spec.compression().isEmpty()) {
            return levels[2];
        }
        Compression compression = spec.compression().get();
        int level = compression.level().orElse(levels[2]);
        if (!compression.algorithm().equals(name()) || level < levels[0] || level > levels[1]) {
            throw SnapshotException.invalid("a " + name() + " image takes compression " + name() + ":" + levels[0]
                    + " to " + name() + ":" + levels[1] + ", got '" + compression + "'");
        }
        return level;
    }
}
