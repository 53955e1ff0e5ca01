package io.stillframe.image.fuzz;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A file that is mostly zeros, without memory for them. Written by one thread before it is read. */
final class SparseBytes implements ByteSource {
    private final NavigableMap<Long, byte[]> pieces = new TreeMap<>();
    private long size;
    private int closes;

    /** Appends zeros. */
    void skip(long count) {
        size += count;
    }

    /** Appends bytes. */
    void append(byte[] bytes) {
        if (bytes.length > 0) {
            pieces.put(size, bytes);
            size += bytes.length;
        }
    }

    /** Overwrites bytes that lie inside of the file. */
    void put(long position, byte[] bytes) {
        List<Long> holes = new ArrayList<>();
        for (int i = 0; i < bytes.length; i++) {
            Map.Entry<Long, byte[]> piece = pieces.floorEntry(position + i);
            if (piece != null && position + i < piece.getKey() + piece.getValue().length) {
                piece.getValue()[(int) (position + i - piece.getKey())] = bytes[i];
            } else if (bytes[i] != 0) {
                holes.add((long) i);
            }
        }
        holes.forEach(i -> pieces.put(position + i, new byte[] {bytes[(int) (long) i]}));
    }

    /** {@code length} bytes, fewer if the file ends before. */
    byte[] get(long position, int length) {
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, Math.min(length, size - position)));
        read(position, bytes);
        return bytes.array();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer target) {
        int length = target.remaining();
        if (position < 0 || position > size - length) {
            throw SnapshotException.invalid(length + " bytes at " + position + " exceed the " + size + " bytes");
        }
        byte[] bytes = new byte[length];
        Long first = pieces.floorKey(position);
        for (Map.Entry<Long, byte[]> piece : pieces.subMap(first == null ? position : first, position + length)
                .entrySet()) {
            long from = Math.max(position, piece.getKey());
            long to = Math.min(position + length, piece.getKey() + piece.getValue().length);
            if (from < to) {
                int at = (int) (from - piece.getKey());
                System.arraycopy(piece.getValue(), at, bytes, (int) (from - position), (int) (to - from));
            }
        }
        target.put(bytes);
    }

    @Override
    public String describe() {
        return "a sparse file of " + size + " bytes";
    }

    @Override
    public void close() {
        closes++;
    }

    int closes() {
        return closes;
    }
}
