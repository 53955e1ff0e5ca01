package io.stillframe.store;

import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is wrong with an object's bytes.
 *
 * @param flipped positions of bytes whose bits are flipped
 * @param size the object seems to have at most this many bytes
 */
record Rot(Set<Long> flipped, long size) {
    Rot {
        flipped = Set.copyOf(flipped);
    }

    static Rot none() {
        return new Rot(Set.of(), Long.MAX_VALUE);
    }

    static Rot flipped(long position) {
        return new Rot(Set.of(position), Long.MAX_VALUE);
    }

    static Rot cut(long size) {
        return new Rot(Set.of(), size);
    }

    Rot and(Rot other) {
        Set<Long> both = new TreeSet<>(flipped);
        both.addAll(other.flipped);
        return new Rot(both, Math.min(size, other.size));
    }

    /** Spoils what was read from {@code position} on. */
    void apply(long position, ByteBuffer read) {
        for (long at : flipped) {
            long index = at - position;
            if (index >= 0 && index < read.remaining()) {
                int place = read.position() + (int) index;
                read.put(place, (byte) ~read.get(place));
            }
        }
    }
}
