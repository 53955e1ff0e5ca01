package io.stillframe.model;

import java.util.OptionalInt;

/**
 * A compression algorithm and its level, written {@code zstd}, {@code zstd:3} or {@code none}.
 *
 * @param algorithm e.g. {@code zstd}, {@code zlib}, {@code lz4}, {@code none}
 * @param level the algorithm's own level; its default if empty. Codecs check the range
 */
public record Compression(String algorithm, OptionalInt level) {
    public Compression {
        Names.token("a compression algorithm", algorithm);
    }

    public static Compression of(String algorithm, int level) {
        return new Compression(algorithm, OptionalInt.of(level));
    }

    /**
     * Reads {@code algorithm} or {@code algorithm:level}.
     *
     * @throws SnapshotException INVALID if it is neither
     */
    public static Compression parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            return new Compression(text, OptionalInt.empty());
        }
        try {
            return of(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "compression is 'algorithm' or 'algorithm:level', e.g. zstd:3", e);
        }
    }

    @Override
    public String toString() {
        return level.isPresent() ? algorithm + ":" + level.getAsInt() : algorithm;
    }
}
