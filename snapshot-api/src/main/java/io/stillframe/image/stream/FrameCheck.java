package io.stillframe.image.stream;

import io.stillframe.image.ZeroTest;
import io.stillframe.internal.frame.Decompressor;
import io.stillframe.internal.frame.FrameReader;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decompresses every frame. Frames of zeros are mostly copies of each other: one that equals one that was decompressed is as good. For
 * one thread.
 */
final class FrameCheck implements AutoCloseable {
    private static final int MOST_FAULTS = 100;

    private final FrameReader reader;
    private final Cancellation cancellation;
    private final Map<Integer, ByteBuffer> zeros = new HashMap<>();

    FrameCheck(ByteSource image, Decompressor decompressor, Cancellation cancellation) {
        this.reader = new FrameReader(image, decompressor);
        this.cancellation = cancellation;
    }

    ImageCheck check(FrameTable frames) {
        List<String> faults = new ArrayList<>();
        long allocated = 0;
        for (FrameTable.Cursor frame = frames.first(); frame.exists(); frame.next()) {
            cancellation.check();
            allocated += frame.zero() ? 0 : frame.length();
            if (frame.length() > 0 && faults.size() < MOST_FAULTS) {
                check(frame, faults);
            }
        }
        return new ImageCheck(faults, List.of(), allocated);
    }

    private void check(FrameTable.Cursor frame, List<String> faults) {
        try {
            if (frame.zero() && isKnownZeros(frame)) {
                return;
            }
            ByteBuffer plain = reader.decode(frame);
            if (frame.zero() && !ZeroTest.isZero(plain, 0, frame.length())) {
                faults.add("frame " + frame.number() + " at offset " + frame.offset()
                        + " is marked as zeros and holds something else");
            } else if (frame.zero()) {
                remember(frame);
            }
        } catch (SnapshotException e) {
            if (e.kind() != SnapshotException.Kind.CORRUPT && e.kind() != SnapshotException.Kind.UNSUPPORTED) {
                throw e;
            }
            faults.add(String.valueOf(e.getMessage()));
        }
    }

    private boolean isKnownZeros(FrameTable.Cursor frame) {
        ByteBuffer known = zeros.get(frame.length());
        return known != null && known.equals(reader.stored(frame));
    }

    /** One for each power of two, so that there are few; they are small. */
    private void remember(FrameTable.Cursor frame) {
        if (Integer.bitCount(frame.length()) == 1) {
            ByteBuffer stored = reader.stored(frame);
            zeros.put(
                    frame.length(),
                    ByteBuffer.allocate(stored.remaining()).put(stored).flip());
        }
    }

    @Override
    public void close() {
        reader.close();
    }
}
