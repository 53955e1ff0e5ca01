package io.stillframe.image.fuzz;

import io.stillframe.image.RawCodec;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCodec;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;

/**
 * What every reader keeps to, whatever the bytes are: probing never throws; describing, checking, opening, walking the extents and reading give
 * an answer or throw CORRUPT or UNSUPPORTED and nothing else; the extents cover what was asked for; the bytes are closed once opened. Time and
 * memory are for the caller to bound.
 */
final class ReaderProperties {
    private static final int HEAD = 4096;
    private static final int MOST_READ = 1 << 20;
    private static final int MOST_AT_ONCE = 100_000;
    private static final int BACKING = 100_000;

    private final ImageCodec codec;
    private final SparseBytes image;

    private ReaderProperties(ImageCodec codec, SparseBytes image) {
        this.codec = codec;
        this.image = image;
    }

    /**
     * Reads a packed image in every way.
     *
     * @throws AssertionError if a property is broken; any other exception that a reader throws breaks one, too
     */
    static void verify(ImageCodec codec, byte[] packed) {
        PackedImage.unpack(packed).ifPresent(image -> {
            int flags = PackedImage.flags(packed);
            if ((flags & PackedImage.FLAG_REPAIR) != 0) {
                ChecksumRepair.of(codec.name()).accept(image);
            }
            new ReaderProperties(codec, image).verify((flags & PackedImage.FLAG_BACKING) != 0);
        });
    }

    private void verify(boolean backing) {
        codec.probe(ByteBuffer.wrap(image.get(0, HEAD)), image.size());
        OptionalLong described = described();
        answered(() -> codec.check(image, new Cancellation()));
        requireThat(image.closes() == 0, "describing or checking closed the bytes");
        answered(() -> {
            try (BlockSource disk = codec.open(chain(backing))) {
                described.ifPresent(size -> requireThat(size == disk.size(), "described and opened sizes differ"));
                walk(disk);
                readHereAndThere(disk);
            }
        });
        requireThat(image.closes() > 0, "the bytes were not closed");
    }

    private OptionalLong described() {
        try {
            return OptionalLong.of(codec.describe(image).virtualSize());
        } catch (SnapshotException e) {
            requireAnswer(e);
            return OptionalLong.empty();
        }
    }

    private List<ImageCodec.Layer> chain(boolean backing) {
        ImageCodec.Layer active = new ImageCodec.Layer(image, codec);
        if (!backing) {
            return List.of(active);
        }
        return List.of(active, new ImageCodec.Layer(backingBytes(), new RawCodec()));
    }

    private static ByteSource backingBytes() {
        SparseBytes bytes = new SparseBytes();
        bytes.skip(BACKING);
        return bytes;
    }

    private static void walk(BlockSource disk) {
        long at = 0;
        long read = 0;
        for (Iterator<Extent> extents = disk.extents(new ByteRange(0, disk.size())); extents.hasNext(); ) {
            Extent extent = extents.next();
            requireThat(extent.range().start() == at, "an extent does not begin where the last ended");
            at = extent.range().end();
            if (extent.isData() && read < MOST_READ) {
                int length = (int) Math.min(extent.range().length(), Math.min(MOST_AT_ONCE, MOST_READ - read));
                read(disk, extent.range().start(), length);
                read(disk, at - Math.min(length, 600), Math.min(length, 600));
                read += length;
            }
        }
        requireThat(at == disk.size(), "the extents do not end with the disk");
    }

    private static void readHereAndThere(BlockSource disk) {
        for (int part = 0; part <= 8; part++) {
            long position = disk.size() / 8 * part;
            int length = (int) Math.min(5000, disk.size() - position);
            read(disk, position, length);
            Iterator<Extent> extents = disk.extents(new ByteRange(position, position + length));
            long at = position;
            while (extents.hasNext()) {
                at = extents.next().range().end();
            }
            requireThat(at == position + length, "the extents of a part do not end with it");
        }
    }

    private static void read(BlockSource disk, long position, int length) {
        ByteBuffer target = ByteBuffer.allocateDirect(length);
        disk.read(position, target);
        requireThat(!target.hasRemaining(), "a read left bytes unfilled");
    }

    private static void answered(Runnable call) {
        try {
            call.run();
        } catch (SnapshotException e) {
            requireAnswer(e);
        }
    }

    private static void requireAnswer(SnapshotException e) {
        if (e.kind() != SnapshotException.Kind.CORRUPT && e.kind() != SnapshotException.Kind.UNSUPPORTED) {
            throw new AssertionError("a reader answered with " + e.kind(), e);
        }
    }

    private static void requireThat(boolean kept, String broken) {
        if (!kept) {
            throw new AssertionError(broken);
        }
    }
}
