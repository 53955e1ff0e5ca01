package io.stillframe.libvirt.internal.rbd;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicBoolean;

/** A snapshot of a volume, read in place. Reads go straight into direct buffers. */
final class RbdSource implements BlockSource {
    private static final int COPIED_AT_ONCE = 1 << 20;

    private final CephSession session;
    private final RbdImage image;
    private final long size;
    private final RbdMap map;
    private final AtomicBoolean closed = new AtomicBoolean();

    private RbdSource(CephSession session, RbdImage image, long size, RbdMap map) {
        this.session = session;
        this.image = image;
        this.size = size;
        this.map = map;
    }

    static RbdSource open(CephSession session, RbdVolume volume, String snapshot) {
        RbdImage image = session.open(volume, snapshot, RbdImage.Mode.READ);
        try {
            return session.within(
                    "read the layout of " + volume.name(),
                    Effect.NONE,
                    () -> new RbdSource(session, image, image.size(), RbdMap.of(image)));
        } catch (RuntimeException e) {
            session.closeAfter(e, image);
            throw e;
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        requireWithin(range);
        return map.extents(range);
    }

    @Override
    public void read(long position, ByteBuffer target) {
        int length = target.remaining();
        if (position < 0 || length > size - position) {
            throw SnapshotException.invalid(length + " bytes at " + position + " are not within the " + size
                    + " bytes of " + image.volume().name());
        }
        if (target.isDirect()) {
            image.read(position, length, Native.getDirectBufferPointer(target.slice()));
            target.position(target.limit());
        } else {
            copy(position, target);
        }
    }

    private void copy(long position, ByteBuffer target) {
        if (!target.hasRemaining()) {
            return;
        }
        try (Memory memory = new Memory(Math.min(target.remaining(), COPIED_AT_ONCE))) {
            long from = position;
            while (target.hasRemaining()) {
                int now = (int) Math.min(target.remaining(), memory.size());
                image.read(from, now, memory);
                target.put(memory.getByteBuffer(0, now));
                from += now;
            }
        }
    }

    private void requireWithin(ByteRange range) {
        if (range.end() > size) {
            throw SnapshotException.invalid(range + " is not within the " + size + " bytes of "
                    + image.volume().name());
        }
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            session.close(image);
        }
    }
}
