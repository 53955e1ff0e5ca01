package io.stillframe.image.stream;

import io.stillframe.internal.frame.Decompressor;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Decompresses members with the header that {@link GzipMembers} gives them. */
final class GzipDecompressor implements Decompressor {
    private final Inflater inflater = new Inflater(true);
    private final CRC32 checksum = new CRC32();

    @Override
    public void decompress(ByteBuffer stored, ByteBuffer target, int length) {
        ByteBuffer member = stored.slice().order(ByteOrder.LITTLE_ENDIAN);
        int end = member.limit() - GzipMembers.TRAILER;
        if (end < GzipMembers.HEADER || !GzipMembers.isHeader(member, 0) || member.get(3) != 0) {
            throw SnapshotException.corrupt("no gzip member begins there");
        }
        ByteBuffer plain = target.slice(target.position(), length);
        inflate(member.limit(end).position(GzipMembers.HEADER), plain);
        member.limit(end + GzipMembers.TRAILER);
        checksum.reset();
        checksum.update(plain.flip());
        if (member.getInt(end) != (int) checksum.getValue() || member.getInt(end + Integer.BYTES) != length) {
            throw SnapshotException.corrupt("its checksum or length is wrong");
        }
        target.position(target.position() + length);
    }

    private void inflate(ByteBuffer deflated, ByteBuffer plain) {
        inflater.reset();
        inflater.setInput(deflated);
        try {
            // Deflate streams may end behind the last byte that they give out: the empty rest asks for that end.
            while (!inflater.finished()) {
                if (inflater.inflate(plain) == 0 && !inflater.finished()) {
                    throw SnapshotException.corrupt(
                            plain.hasRemaining() ? "it ends too early" : "it holds more than it should");
                }
            }
        } catch (DataFormatException e) {
            throw new SnapshotException(SnapshotException.Kind.CORRUPT, "decompression failed: " + e.getMessage(), e);
        }
        if (plain.hasRemaining() || inflater.getRemaining() > 0) {
            throw SnapshotException.corrupt("it holds less than it should");
        }
    }

    @Override
    public void close() {
        inflater.end();
    }
}
