package io.stillframe.libvirt.crash;

import io.stillframe.testing.CallPoint;

/** A point of a dry run and when it was passed. */
record Timed(long nanos, CallPoint point) {
    static Timed parse(String line) {
        String[] parts = line.split(" ", 3);
        return new Timed(Long.parseLong(parts[1]), CallPoint.parse(parts[2]));
    }
}
