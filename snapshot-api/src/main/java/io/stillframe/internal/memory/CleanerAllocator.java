package io.stillframe.internal.memory;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The JDK's own direct buffers, freed through {@code sun.misc.Unsafe}: the only way before JDK 22. */
final class CleanerAllocator implements Allocator {
    private final Object unsafe;
    private final Method invokeCleaner;

    private CleanerAllocator() throws ReflectiveOperationException {
        Class<?> type = Class.forName("sun.misc.Unsafe");
        Field instance = type.getDeclaredField("theUnsafe");
        instance.setAccessible(true);
        unsafe = instance.get(null);
        invokeCleaner = type.getMethod("invokeCleaner", ByteBuffer.class);
    }

    static Optional<Allocator> find() {
        try {
            return Optional.of(new CleanerAllocator());
        } catch (ReflectiveOperationException | RuntimeException e) {
            return Optional.empty();
        }
    }

    @Override
    public Region newRegion() {
        List<ByteBuffer> buffers = new ArrayList<>();
        return new Region() {
            @Override
            public ByteBuffer allocate(int bytes) {
                ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
                buffers.add(buffer);
                return buffer;
            }

            @Override
            public void free() {
                buffers.forEach(CleanerAllocator.this::free);
                buffers.clear();
            }
        };
    }

    private void free(ByteBuffer buffer) {
        Allocator.run(() -> invokeCleaner.invoke(unsafe, buffer));
    }
}
