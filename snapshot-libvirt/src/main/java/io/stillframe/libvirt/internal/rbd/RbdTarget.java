package io.stillframe.libvirt.internal.rbd;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockTarget;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/** A new volume being filled. */
final class RbdTarget implements BlockTarget {
    private static final int COPIED_AT_ONCE = 4 << 20;

    private final CephSession session;
    private final RbdImage image;
    private final long size;
    private final AtomicBoolean closed = new AtomicBoolean();
    private long written;
    private boolean finished;

    private RbdTarget(CephSession session, RbdImage image, long size) {
        this.session = session;
        this.image = image;
        this.size = size;
    }

    static RbdTarget open(CephSession session, RbdVolume volume) {
        RbdImage image = session.open(volume, null, RbdImage.Mode.CHANGE);
        try {
            return session.within(
                    "read the size of " + volume.name(),
                    Effect.NONE,
                    () -> new RbdTarget(session, image, image.size()));
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
    public void write(long position, ByteBuffer source) {
        int length = source.remaining();
        if (finished || position < written || length > size - position) {
            throw SnapshotException.invalid(length + " bytes at " + position + " cannot be written to "
                    + image.volume().name() + " of " + size + " bytes"
                    + (finished ? ", which is finished" : ", of which " + written + " are written"));
        }
        if (source.isDirect()) {
            image.write(position, length, Native.getDirectBufferPointer(source.slice()));
            source.position(source.limit());
        } else {
            copy(position, source);
        }
        written = position + length;
    }

    private void copy(long position, ByteBuffer source) {
        if (!source.hasRemaining()) {
            return;
        }
        try (Memory memory = new Memory(Math.min(source.remaining(), COPIED_AT_ONCE))) {
            long to = position;
            while (source.hasRemaining()) {
                int now = (int) Math.min(source.remaining(), memory.size());
                ByteBuffer part = source.slice().limit(now);
                memory.getByteBuffer(0, now).put(part);
                image.write(to, now, memory);
                source.position(source.position() + now);
                to += now;
            }
        }
    }

    @Override
    public void finish() {
        session.within("make " + image.volume().name() + " durable", Effect.CHANGE, () -> {
            image.flush();
            return image;
        });
        finished = true;
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            session.close(image);
        }
    }
}
