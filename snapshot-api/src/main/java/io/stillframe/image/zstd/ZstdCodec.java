package io.stillframe.image.zstd;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdInputStream;
import io.stillframe.internal.frame.DecodedStream;
import io.stillframe.internal.frame.FrameBlocks;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.image.Findings;
import io.stillframe.internal.image.Layers;
import io.stillframe.internal.zstd.ZeroFrame;
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
import io.stillframe.spi.ImageWriter;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code zstd}: the raw disk as independent Zstandard frames with a seek table. Compression is {@code zstd} with a level of -7 to 22, by
 * default 1; the cluster size is what one frame holds of the disk, 64 KiB to 16 MiB, by default 1 MiB. Every data frame carries a
 * checksum of its content. A read of any size decodes whole frames.
 *
 * <p>Images by other writers of the seekable format are read if their frames hold at most 64 MiB each.
 */
public final class ZstdCodec implements ImageCodec {
    private static final int FASTEST = -7;
    private static final int STRONGEST = 22;
    private static final int DEFAULT_LEVEL = 1;
    private static final int SMALLEST_FRAME = 64 << 10;
    private static final int DEFAULT_FRAME = 1 << 20;
    private static final int LARGEST_FRAME = 16 << 20;
    private static final int ZSTD_MAGIC = 0xFD2FB528;
    private static final int LARGEST_FRAME_HEADER = 18;

    @Override
    public String name() {
        return "zstd";
    }

    @Override
    public String extension() {
        return "raw.zst";
    }

    @Override
    public Set<CodecTrait> traits() {
        return Set.of(
                CodecTrait.READ, CodecTrait.WRITE, CodecTrait.RANDOM_ACCESS, CodecTrait.PIPE, CodecTrait.SEQUENTIAL);
    }

    /** Frames of any writer, in windows of at most 128 MiB; no seek table is needed. */
    @Override
    public InputStream decode(InputStream stored) {
        return new DecodedStream(stored, ZstdInputStream::new);
    }

    @Override
    public Probe probe(ByteBuffer head, long size) {
        if (head.remaining() < Integer.BYTES) {
            return Probe.NO_MATCH;
        }
        int magic = head.duplicate().order(ByteOrder.LITTLE_ENDIAN).getInt(head.position());
        return magic == ZSTD_MAGIC || magic == SeekTable.SKIPPABLE_INDEX ? Probe.MATCH : Probe.NO_MATCH;
    }

    @Override
    public BlockSource open(List<Layer> chain) {
        return Layers.openOnly(
                chain,
                "a zstd image has no backing file",
                image -> new FrameBlocks(image, SeekTableReader.read(image), ZstdDecompressor::new));
    }

    @Override
    public ImageInfo describe(ByteSource image) {
        FrameTable frames = SeekTableReader.read(image);
        long zeroFrames = 0;
        int largest = 0;
        for (FrameTable.Cursor frame = frames.first(); frame.exists(); frame.next()) {
            zeroFrames += frame.zero() ? 1 : 0;
            largest = Math.max(largest, frame.zero() ? 0 : frame.length());
        }
        Map<String, String> details = new LinkedHashMap<>();
        details.put("compression", "zstd");
        details.put("frames", Integer.toString(frames.count()));
        details.put("zero-frames", Long.toString(zeroFrames));
        details.put("largest-frame", Integer.toString(largest));
        return new ImageInfo(name(), frames.diskEnd(), image.size(), Optional.empty(), details);
    }

    @Override
    public ImageCheck check(ByteSource image, Cancellation cancellation) {
        return Findings.of(
                () -> new FrameCheck(image, cancellation).check(SeekTableReader.read(image)),
                SnapshotException.Kind.CORRUPT,
                SnapshotException.Kind.UNSUPPORTED);
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        int level = spec.compression().map(ZstdCodec::level).orElse(DEFAULT_LEVEL);
        int frame = spec.clusterSize().orElse(DEFAULT_FRAME);
        if (frame < SMALLEST_FRAME || frame > LARGEST_FRAME) {
            throw SnapshotException.invalid("a zstd image's cluster size must be " + SMALLEST_FRAME + " to "
                    + LARGEST_FRAME + " bytes, got " + frame);
        }
        return new ZstdWriter(spec.virtualSize(), frame, level);
    }

    private static int level(Compression compression) {
        int level = compression.level().orElse(DEFAULT_LEVEL);
        if (!compression.algorithm().equals("zstd") || level < FASTEST || level > STRONGEST) {
            throw SnapshotException.invalid("a zstd image takes compression zstd:" + FASTEST + " to zstd:" + STRONGEST
                    + ", got '" + compression + "'");
        }
        return level;
    }

    /** Looks at every frame's header and at every byte of the zero frames. */
    private record FrameCheck(ByteSource image, Cancellation cancellation) {
        private static final int MOST_FAULTS = 100;

        ImageCheck check(FrameTable frames) {
            List<String> faults = new java.util.ArrayList<>();
            long allocated = 0;
            for (FrameTable.Cursor frame = frames.first(); frame.exists(); frame.next()) {
                cancellation.check();
                allocated += frame.zero() ? 0 : frame.length();
                if (!intact(frame) && faults.size() < MOST_FAULTS) {
                    faults.add("frame " + frame.number() + " at offset " + frame.offset()
                            + " is not what the seek table says");
                }
            }
            return new ImageCheck(faults, List.of(), allocated);
        }

        private boolean intact(FrameTable.Cursor frame) {
            if (frame.length() == 0) {
                return true;
            }
            int length = frame.zero() ? frame.stored() : Math.min(frame.stored(), LARGEST_FRAME_HEADER);
            ByteBuffer bytes = ByteBuffer.allocate(length);
            image.read(frame.offset(), bytes);
            return frame.zero() ? isZeroFrame(frame, bytes.flip()) : headerSays(frame, bytes.array());
        }

        private static boolean isZeroFrame(FrameTable.Cursor frame, ByteBuffer bytes) {
            ByteBuffer expected = ZeroFrame.newBuffer();
            ZeroFrame.put(expected, frame.length());
            return bytes.equals(expected);
        }

        /** A frame of several, or without its size, is left to the decoder. */
        private static boolean headerSays(FrameTable.Cursor frame, byte[] header) {
            long size = Zstd.getFrameContentSize(header);
            return size == frame.length() || size == -1;
        }
    }
}
