package io.stillframe.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Simulated disks against plain arrays. */
class PagedDiskTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34})
    void everyPointInTimeStaysWhatAnArrayHeldThen(long seed) {
        Random random = new Random(seed);
        int size = 1 + random.nextInt(2_000_000);
        PagedDisk disk = PagedDisk.empty(size);
        byte[] model = new byte[size];
        List<PagedSource> points = new ArrayList<>();
        List<byte[]> expected = new ArrayList<>();
        for (int step = 0; step < 60; step++) {
            byte[] bytes = new byte[random.nextInt(Math.min(size, 20_000)) + 1];
            random.nextBytes(bytes);
            int position = random.nextInt(size - bytes.length + 1);
            disk.write(position, ByteBuffer.wrap(bytes));
            System.arraycopy(bytes, 0, model, position, bytes.length);
            if (step % 15 == 0) {
                points.add(new PagedSource(size, disk.content(), () -> {}));
                expected.add(model.clone());
            }
        }
        for (int i = 0; i < points.size(); i++) {
            assertThat(whole(points.get(i))).as("seed %d, point %d", seed, i).isEqualTo(expected.get(i));
            assertHolesAreZero(points.get(i), expected.get(i));
        }
    }

    @Test
    void aHugeDiskCostsOnlyWhatIsWritten() {
        long size = 1L << 50;
        PagedDisk disk = PagedDisk.empty(size);
        disk.write(size - 3, ByteBuffer.wrap(new byte[] {1, 2, 3}));
        PagedSource source = new PagedSource(size, disk.content(), () -> {});

        List<Extent> extents = new ArrayList<>();
        source.extents(new ByteRange(0, size)).forEachRemaining(extents::add);

        assertThat(extents)
                .containsExactly(
                        new Extent(new ByteRange(0, size - PageTree.PAGE), Extent.Kind.HOLE),
                        new Extent(new ByteRange(size - PageTree.PAGE, size), Extent.Kind.DATA));
    }

    private static byte[] whole(BlockSource disk) {
        ByteBuffer bytes = ByteBuffer.allocate((int) disk.size());
        disk.read(0, bytes);
        return bytes.array();
    }

    private static void assertHolesAreZero(BlockSource disk, byte[] expected) {
        long at = 0;
        for (Iterator<Extent> i = disk.extents(new ByteRange(0, disk.size())); i.hasNext(); ) {
            Extent extent = i.next();
            assertThat(extent.range().start()).isEqualTo(at);
            at = extent.range().end();
            if (!extent.isData()) {
                byte[] zeros = new byte[(int) extent.range().length()];
                int start = (int) extent.range().start();
                assertThat(Arrays.equals(expected, start, start + zeros.length, zeros, 0, zeros.length))
                        .as("%s is a hole", extent.range())
                        .isTrue();
            }
        }
        assertThat(at).isEqualTo(disk.size());
    }
}
