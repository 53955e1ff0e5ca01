package io.stillframe.internal.deflate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Compares {@link Inflate} with zlib on one input. For one thread at a time. */
public final class ZlibReference implements AutoCloseable {
    private static final int GUARD = 40;

    private final Inflater inflater = new Inflater(true);
    private final Inflate inflate = new Inflate();

    /** Decodes with both into room for so many bytes, one at least, and fails if they differ in anything that a caller can see. */
    public Inflate.Outcome verify(byte[] stream, int from, int to, int room) {
        byte[] expected = new byte[room];
        int given = 0;
        Inflate.Outcome outcome = Inflate.Outcome.INVALID;
        inflater.reset();
        inflater.setInput(stream, from, to - from);
        try {
            int step = 1;
            while (given < room && step > 0) {
                step = inflater.inflate(expected, given, room - given);
                given += step;
            }
            outcome = inflater.finished()
                    ? Inflate.Outcome.ENDED
                    : given == room ? Inflate.Outcome.FULL : Inflate.Outcome.TRUNCATED;
        } catch (DataFormatException e) {
            given = 0;
        }
        byte[] target = new byte[room + 2 * GUARD];
        Arrays.fill(target, (byte) 0x5A);
        assertThat(inflate.decode(stream, from, to, target, GUARD, GUARD + room))
                .isEqualTo(outcome);
        if (outcome != Inflate.Outcome.INVALID) {
            assertThat(inflate.produced()).isEqualTo(given);
            assertThat(Arrays.mismatch(target, GUARD, GUARD + given, expected, 0, given))
                    .isEqualTo(-1);
        }
        if (outcome == Inflate.Outcome.ENDED) {
            assertThat(inflate.consumed()).isEqualTo(to - from - inflater.getRemaining());
        }
        for (int i = 0; i < GUARD; i++) {
            if (target[i] != 0x5A || target[GUARD + room + i] != 0x5A) {
                throw new AssertionError("written outside the room");
            }
        }
        return outcome;
    }

    @Override
    public void close() {
        inflater.end();
    }
}
