package io.stillframe.internal.memory;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Shared arenas of {@code java.lang.foreign}, final since JDK 22, called reflectively because the product runs on 17 too. */
final class ArenaAllocator implements Allocator {
    private static final int FIRST_FINAL = 22;
    private static final long PAGE = 4096;

    private final Method ofShared;
    private final Method allocate;
    private final Method asByteBuffer;
    private final Method close;

    private ArenaAllocator() throws ReflectiveOperationException {
        Class<?> arena = Class.forName("java.lang.foreign.Arena");
        ofShared = arena.getMethod("ofShared");
        allocate = arena.getMethod("allocate", long.class, long.class);
        close = arena.getMethod("close");
        asByteBuffer = Class.forName("java.lang.foreign.MemorySegment").getMethod("asByteBuffer");
    }

    static Optional<Allocator> find() {
        if (Runtime.version().feature() < FIRST_FINAL) {
            return Optional.empty();
        }
        try {
            return Optional.of(new ArenaAllocator());
        } catch (ReflectiveOperationException e) {
            return Optional.empty();
        }
    }

    @Override
    public Region newRegion() {
        Object arena = Allocator.call(() -> ofShared.invoke(null));
        return new Region() {
            @Override
            public ByteBuffer allocate(int bytes) {
                Object segment = Allocator.call(() -> allocate.invoke(arena, (long) bytes, PAGE));
                return (ByteBuffer) Allocator.call(() -> asByteBuffer.invoke(segment));
            }

            @Override
            public void free() {
                Allocator.run(() -> close.invoke(arena));
            }
        };
    }
}
