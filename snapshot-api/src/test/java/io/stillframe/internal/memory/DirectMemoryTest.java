package io.stillframe.internal.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.ZeroTest;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class DirectMemoryTest {
    private static final int SIZE = 64 << 20;

    /** Together far more than the JVM may have at once. */
    @Test
    void givesMemoryBackAtOnce() {
        for (int i = 0; i < 100; i++) {
            try (DirectMemory memory = new DirectMemory()) {
                ByteBuffer buffer = memory.allocate(SIZE);
                assertThat(buffer.isDirect()).isTrue();
                assertThat(buffer.capacity()).isEqualTo(SIZE);
                buffer.put(SIZE - 1, (byte) 1);
            }
        }
    }

    @Test
    void givesZeroedBuffersAndCanBeClosedTwiceAndUsedAgain() {
        DirectMemory memory = new DirectMemory();
        assertThat(ZeroTest.isZero(memory.allocate(1 << 20), 0, 1 << 20)).isTrue();
        memory.close();
        memory.close();
        assertThat(memory.allocate(10).remaining()).isEqualTo(10);
        memory.close();
    }

    @Test
    void everyWayOfTheJdkWorks() {
        assertThat(ArenaAllocator.find().isPresent())
                .isEqualTo(Runtime.version().feature() >= 22);
        ArenaAllocator.find().ifPresent(DirectMemoryTest::assertWorks);
        assertWorks(new CollectedAllocator());
        if (Runtime.version().feature() < 22) {
            assertWorks(CleanerAllocator.find().orElseThrow());
        }
    }

    private static void assertWorks(Allocator allocator) {
        Allocator.Region region = allocator.newRegion();
        assertThat(region.allocate(5).put(4, (byte) 3).get(4)).isEqualTo((byte) 3);
        region.free();
    }
}
