package io.stillframe.image.stream;

import io.stillframe.internal.frame.Envelope;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** A record as subfield {@code SF} of the extra field of a member without content, RFC 1952 section 2.3.1.1. */
record GzipEnvelope() implements Envelope {
    private static final int EXTRA_FIELD = 4;
    private static final short SUBFIELD = 'S' | 'F' << 8;
    private static final int SUBFIELD_HEADER = 4;
    private static final short EMPTY_DEFLATE = 3;
    private static final int BEFORE = GzipMembers.HEADER + 2 + SUBFIELD_HEADER;
    private static final int AFTER = 2 + GzipMembers.TRAILER;

    @Override
    public int overhead() {
        return BEFORE + AFTER;
    }

    @Override
    public ByteBuffer wrap(ByteBuffer record) {
        ByteBuffer member = ByteBuffer.allocate(overhead() + record.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        GzipMembers.putHeader(member, EXTRA_FIELD);
        member.putShort((short) (SUBFIELD_HEADER + record.remaining()));
        member.putShort(SUBFIELD).putShort((short) record.remaining());
        member.put(record.duplicate());
        return member.putShort(EMPTY_DEFLATE).putLong(0).flip();
    }

    @Override
    public Optional<ByteBuffer> unwrap(ByteBuffer bytes) {
        int length = bytes.remaining() - overhead();
        if (length < 0 || length > 0xFFFF - SUBFIELD_HEADER) {
            return Optional.empty();
        }
        ByteBuffer record = bytes.slice(bytes.position() + BEFORE, length);
        return wrap(record).equals(bytes) ? Optional.of(record) : Optional.empty();
    }
}
