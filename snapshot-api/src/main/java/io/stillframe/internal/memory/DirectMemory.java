package io.stillframe.internal.memory;

import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Direct buffers that belong together and are given back together, at once and not when the collector gets to them. For one thread at
 * a time; nobody may touch a buffer, or a view of it, after {@link #close()}.
 */
public final class DirectMemory implements AutoCloseable {
    private static final Allocator ALLOCATOR =
            ArenaAllocator.find().or(CleanerAllocator::find).orElse(new CollectedAllocator());

    private Optional<Allocator.Region> region = Optional.empty();

    /**
     * Allocates a zeroed buffer.
     *
     * @throws SnapshotException PERMANENT if the JVM's limit of direct memory is reached
     */
    public ByteBuffer allocate(int bytes) {
        try {
            if (region.isEmpty()) {
                region = Optional.of(ALLOCATOR.newRegion());
            }
            return region.get().allocate(bytes);
        } catch (OutOfMemoryError e) {
            throw SnapshotException.permanent(
                    "no " + bytes + " bytes of direct memory are left; lower the stream's threads or memory limit,"
                            + " or raise -XX:MaxDirectMemorySize",
                    e);
        }
    }

    /** Frees all buffers. Idempotent; what is allocated afterwards is freed by the next call. */
    @Override
    public void close() {
        region.ifPresent(Allocator.Region::free);
        region = Optional.empty();
    }

    /** Lets go of the buffers without freeing them, because somebody may still touch them. */
    public void abandon() {
        region = Optional.empty();
    }
}
