package io.stillframe.image.vhdx;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A file with a log's writes over it, which stay in the log: only where they lie is kept. Changed by one thread before it is read. */
final class ReplayedBytes implements ByteSource {
    /** In place of where a sector's data lies: zeros. */
    private static final long ZEROS = -1;

    private static final int TRAILING = Integer.BYTES;

    private final ByteSource file;
    private final long size;
    private final NavigableMap<Long, Piece> pieces = new TreeMap<>();

    /** @param size how long the file is with the log's writes; at least what it is */
    ReplayedBytes(ByteSource file, long size) {
        this.file = file;
        this.size = size;
    }

    /**
     * What lies over a range of the file.
     *
     * @param source where the log has the data sector, or {@link #ZEROS}
     * @param leading the data's first eight bytes, whose place in the data sector holds its signature
     * @param trailing its last four bytes
     */
    private record Piece(long start, long end, long source, long leading, int trailing) {
        Piece from(long position) {
            return new Piece(position, end, source, leading, trailing);
        }

        Piece upTo(long position) {
            return new Piece(start, position, source, leading, trailing);
        }
    }

    /** Zeros over a range of whole sectors. */
    void putZeros(long start, long length) {
        if (length > 0) {
            put(new Piece(start, start + length, ZEROS, 0, 0));
        }
    }

    /** A data sector of the log, at {@code source} in the file, over a sector. */
    void putSector(long start, long source, long leading, int trailing) {
        put(new Piece(start, start + Structures.SECTOR, source, leading, trailing));
    }

    /** Pieces are whole sectors, and those with data are one: so only zeros are ever cut. */
    private void put(Piece piece) {
        Map.Entry<Long, Piece> before = pieces.lowerEntry(piece.start);
        if (before != null && before.getValue().end > piece.start) {
            pieces.put(before.getKey(), before.getValue().upTo(piece.start));
            if (before.getValue().end > piece.end) {
                pieces.put(piece.end, before.getValue().from(piece.end));
            }
        }
        NavigableMap<Long, Piece> covered = pieces.subMap(piece.start, true, piece.end, false);
        if (!covered.isEmpty()) {
            Piece last = covered.lastEntry().getValue();
            covered.clear();
            if (last.end > piece.end) {
                pieces.put(piece.end, last.from(piece.end));
            }
        }
        pieces.put(piece.start, piece);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer target) {
        if (position < 0 || position > size - target.remaining()) {
            throw SnapshotException.invalid(
                    target.remaining() + " bytes at " + position + " exceed the " + size + " bytes of " + describe());
        }
        long end = position + target.remaining();
        for (long at = position; at < end; ) {
            Map.Entry<Long, Piece> before = pieces.floorEntry(at);
            if (before != null && before.getValue().end > at) {
                long stop = Math.min(end, before.getValue().end);
                readPiece(before.getValue(), at, (int) (stop - at), target);
                at = stop;
            } else {
                Long next = pieces.higherKey(at);
                long stop = next == null ? end : Math.min(end, next);
                readFile(at, (int) (stop - at), target);
                at = stop;
            }
        }
    }

    private void readPiece(Piece piece, long at, int length, ByteBuffer target) {
        if (piece.source == ZEROS) {
            target.put(new byte[length]);
            return;
        }
        ByteBuffer sector = Structures.read(file, piece.source, Structures.SECTOR);
        sector.order(ByteOrder.LITTLE_ENDIAN).putLong(0, piece.leading);
        sector.putInt(Structures.SECTOR - TRAILING, piece.trailing);
        target.put(sector.slice((int) (at - piece.start), length));
    }

    /** The file's own bytes; zeros behind its end. */
    private void readFile(long at, int length, ByteBuffer target) {
        int there = (int) Math.max(0, Math.min(length, file.size() - at));
        int limit = target.limit();
        file.read(Math.min(at, file.size()), target.limit(target.position() + there));
        target.limit(limit);
        target.put(new byte[length - there]);
    }

    @Override
    public String describe() {
        return file.describe();
    }

    @Override
    public void close() {
        file.close();
    }
}
