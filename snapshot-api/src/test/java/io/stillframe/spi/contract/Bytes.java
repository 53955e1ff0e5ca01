package io.stillframe.spi.contract;

import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.Random;

/** Bytes for tests. */
public final class Bytes {
    private Bytes() {}

    /** {@code size} bytes that look random and are the same for the same seed. */
    public static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** {@code length} bytes of a source from {@code position}. */
    public static byte[] read(ByteSource source, long position, int length) {
        ByteBuffer target = ByteBuffer.allocateDirect(length);
        source.read(position, target);
        byte[] bytes = new byte[length];
        target.flip().get(bytes);
        return bytes;
    }

    /** All bytes of a source. */
    public static byte[] readAll(ByteSource source) {
        return read(source, 0, Math.toIntExact(source.size()));
    }
}
