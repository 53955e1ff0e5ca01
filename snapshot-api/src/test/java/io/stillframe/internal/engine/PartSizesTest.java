package io.stillframe.internal.engine;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.ByteRange;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.StoreCapabilities;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Parts of disks that are larger than what anybody tests with, planned by what stores can do. */
final class PartSizesTest {
    private static final long TIB = 1L << 40;
    private static final StoreCapabilities AMAZON = new StoreCapabilities(Set.of(), 5 << 20, 5L << 30, 10_000, 5 * TIB);
    private static final StoreCapabilities SWIFT =
            new StoreCapabilities(Set.of(), 1, 5L << 30, 1_000_000, Long.MAX_VALUE);

    private static PartLayout layout(String format, long disk, StoreCapabilities store) {
        ImageCodec codec = Plugins.codec(format);
        try (ImageWriter writer = codec.newWriter(ImageSpec.ofSize(disk))) {
            return PartSizes.layout(ServiceSettings.ofDefaults(), List.of(store), codec, writer, new FullDisk(disk));
        }
    }

    private static void requireRoomFor(long bytes, PartLayout layout, StoreCapabilities store) {
        assertThat(layout.firstSize()).isBetween(store.smallestPart(), 1 << 30);
        assertThat((double) layout.firstSize() * store.mostParts()).isGreaterThanOrEqualTo(bytes);
    }

    @Test
    void partsGrowSoThatTheirNumberSuffices() {
        assertThat(layout("raw", 64L << 30, AMAZON).firstSize()).isEqualTo(8 << 20);
        requireRoomFor(4 * TIB, layout("raw", 4 * TIB, AMAZON), AMAZON);
        requireRoomFor(5 * TIB, layout("raw", 5 * TIB, AMAZON), AMAZON);
        requireRoomFor(60 * TIB, layout("raw", 60 * TIB, SWIFT), SWIFT);
    }

    @Test
    void whatMayShrinkIsPlannedUpToTheLargestObject() {
        requireRoomFor(AMAZON.largestObject(), layout("pack", 8 * TIB, AMAZON), AMAZON);
        StoreCapabilities larger = new StoreCapabilities(Set.of(), 5 << 20, 5L << 30, 10_000, 50 * TIB);
        requireRoomFor(9 * TIB, layout("raw", 9 * TIB, larger), larger);
        assertThat(failing(() -> layout("raw", 20 * TIB, larger), Kind.UNSUPPORTED))
                .hasMessageContaining("parts of");
    }

    @Test
    void aDiskThatIsStoredAsItIsMustFit() {
        assertThat(failing(() -> layout("raw", 6 * TIB, AMAZON), Kind.UNSUPPORTED))
                .hasMessageContaining("largest object");
    }

    /** One extent of data. */
    private record FullDisk(long size) implements BlockSource {
        @Override
        public Iterator<Extent> extents(ByteRange range) {
            return List.of(new Extent(range, Extent.Kind.DATA)).iterator();
        }

        @Override
        public void read(long position, ByteBuffer target) {
            throw new AssertionError("nobody reads");
        }

        @Override
        public void close() {}
    }
}
