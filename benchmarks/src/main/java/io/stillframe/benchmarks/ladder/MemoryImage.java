package io.stillframe.benchmarks.ladder;

import io.stillframe.image.StreamTarget;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A stored image in memory: written as a stream, read at any place. Written by one thread before it is read by any. */
public final class MemoryImage implements StreamTarget, ByteSource {
    private static final int PIECE = 1 << 20;

    private final List<byte[]> pieces = new ArrayList<>();
    private int headLength;
    private long end;

    @Override
    public void begin(int length) {
        headLength = length;
        end = length;
    }

    @Override
    public void body(ByteBuffer bytes) {
        put(end, bytes);
    }

    @Override
    public void bodyZeros(long count) {
        end += count;
        makeRoom();
    }

    @Override
    public void head(ByteBuffer head) {
        if (head.remaining() != headLength) {
            throw SnapshotException.invalid("the head has " + head.remaining() + " bytes instead of " + headLength);
        }
        put(0, head);
    }

    private void put(long position, ByteBuffer bytes) {
        long at = position;
        end = Math.max(end, position + bytes.remaining());
        makeRoom();
        while (bytes.hasRemaining()) {
            int offset = (int) (at % PIECE);
            int count = Math.min(bytes.remaining(), PIECE - offset);
            bytes.get(pieces.get((int) (at / PIECE)), offset, count);
            at += count;
        }
    }

    private void makeRoom() {
        while ((long) pieces.size() * PIECE < end) {
            pieces.add(new byte[PIECE]);
        }
    }

    @Override
    public long size() {
        return end;
    }

    @Override
    public void read(long position, ByteBuffer target) {
        if (position < 0 || position > end - target.remaining()) {
            throw SnapshotException.invalid(target.remaining() + " bytes at " + position + " exceed " + end);
        }
        long at = position;
        while (target.hasRemaining()) {
            int offset = (int) (at % PIECE);
            int count = Math.min(target.remaining(), PIECE - offset);
            target.put(pieces.get((int) (at / PIECE)), offset, count);
            at += count;
        }
    }

    @Override
    public String describe() {
        return "an image in memory";
    }

    @Override
    public void close() {}
}
