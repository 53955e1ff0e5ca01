package io.stillframe.internal.memory;

import java.nio.ByteBuffer;

/** The JDK's own direct buffers, freed when the collector finds them; where nothing better exists. */
final class CollectedAllocator implements Allocator {
    @Override
    public Region newRegion() {
        return new Region() {
            @Override
            public ByteBuffer allocate(int bytes) {
                return ByteBuffer.allocateDirect(bytes);
            }

            @Override
            public void free() {}
        };
    }
}
