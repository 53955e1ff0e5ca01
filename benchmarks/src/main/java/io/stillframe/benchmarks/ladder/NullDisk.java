package io.stillframe.benchmarks.ladder;

import io.stillframe.spi.BlockTarget;
import java.nio.ByteBuffer;

/**
 * A disk that forgets what it gets.
 *
 * @param size bytes
 */
public record NullDisk(long size) implements BlockTarget {
    @Override
    public void write(long position, ByteBuffer source) {
        source.position(source.limit());
    }

    @Override
    public void finish() {}

    @Override
    public void close() {}
}
