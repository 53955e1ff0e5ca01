package io.stillframe.internal.memory;

import io.stillframe.model.SnapshotException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Direct buffers that belong together and are given back together, at once and not when the collector gets to them. For one thread at
 * a time; nobody may touch a buffer, or a view of it, after {@link #close()}.
 */
public final class DirectMemory implements AutoCloseable {
    private static final Optional<MethodHandle> CLEANER = cleaner();

    private final List<ByteBuffer> buffers = new ArrayList<>();

    /**
     * Allocates a zeroed buffer.
     *
     * @throws SnapshotException PERMANENT if the JVM's limit of direct memory is reached
     */
    public ByteBuffer allocate(int bytes) {
        try {
            ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
            buffers.add(buffer);
            return buffer;
        } catch (OutOfMemoryError e) {
            throw SnapshotException.permanent(
                    "no " + bytes + " bytes of direct memory are left; lower the stream's threads or memory limit,"
                            + " or raise -XX:MaxDirectMemorySize",
                    e);
        }
    }

    /** Frees all buffers. Idempotent. */
    @Override
    public void close() {
        CLEANER.ifPresent(cleaner -> buffers.forEach(buffer -> free(cleaner, buffer)));
        buffers.clear();
    }

    /** Leaves the buffers to the garbage collector, because somebody may still touch them. */
    public void abandon() {
        buffers.clear();
    }

    @SuppressWarnings("CatchingUnchecked")
    private static void free(MethodHandle cleaner, ByteBuffer buffer) {
        try {
            cleaner.invokeExact(buffer);
        } catch (Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("a direct buffer could not be freed", e);
        }
    }

    /** The JDK frees a direct buffer on demand only through this method; without it the collector does it. */
    private static Optional<MethodHandle> cleaner() {
        try {
            Class<?> unsafe = Class.forName("sun.misc.Unsafe");
            Field instance = unsafe.getDeclaredField("theUnsafe");
            instance.setAccessible(true);
            MethodHandle method = MethodHandles.lookup()
                    .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class));
            return Optional.of(method.bindTo(instance.get(null)));
        } catch (ReflectiveOperationException | RuntimeException e) {
            return Optional.empty();
        }
    }
}
