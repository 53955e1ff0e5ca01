package io.stillframe.internal.deflate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The target "deflate" of coverage-guided fuzzing, as {@code fuzz.sh} runs it: an input is the room, two bytes with the lower one first, and a
 * stream; the verdict and the bytes are compared with zlib's.
 */
public final class InflateFuzzer {
    private static final int ROOM_BYTES = 2;
    private static final ZlibReference REFERENCE = new ZlibReference();

    private InflateFuzzer() {}

    /** One execution. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length >= ROOM_BYTES) {
            int room = Math.max(1, input[0] & 0xFF | (input[1] & 0xFF) << 8);
            var unused = REFERENCE.verify(input, ROOM_BYTES, input.length, room);
        }
    }

    /** Writes the inputs that fuzzing starts from into a directory: the second argument. */
    public static void main(String[] arguments) throws IOException {
        Path directory = Files.createDirectories(Path.of(arguments[1]));
        for (int i = 0; i < 64; i++) {
            byte[] data = DeflateSamples.data(1 << i % 12, i);
            byte[] stream = DeflateSamples.deflate(data, i % 10, DeflateSamples.STRATEGIES.get(i % 3));
            byte[] input = new byte[ROOM_BYTES + stream.length];
            input[0] = (byte) data.length;
            input[1] = (byte) (data.length >> 8);
            System.arraycopy(stream, 0, input, ROOM_BYTES, stream.length);
            Files.write(directory.resolve("seed-" + i), input);
        }
    }
}
