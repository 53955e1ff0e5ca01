package io.stillframe.model;

import java.time.Instant;
import java.util.Optional;

/**
 * A half-open span of time; an end that is left out is open.
 *
 * @param from the first instant that is in it
 * @param before the first instant behind it
 */
public record TimeRange(Optional<Instant> from, Optional<Instant> before) {
    public TimeRange {
        if (from.isPresent() && before.isPresent() && from.get().isAfter(before.get())) {
            throw SnapshotException.invalid(
                    "a range of time must not end, at " + before.get() + ", before it begins, at " + from.get());
        }
    }

    /** All of time; also holds what has no time at all. */
    public static TimeRange any() {
        return new TimeRange(Optional.empty(), Optional.empty());
    }

    public static TimeRange since(Instant from) {
        return new TimeRange(Optional.of(from), Optional.empty());
    }

    public static TimeRange before(Instant end) {
        return new TimeRange(Optional.empty(), Optional.of(end));
    }

    public static TimeRange between(Instant from, Instant before) {
        return new TimeRange(Optional.of(from), Optional.of(before));
    }

    /** Whether it is {@link #any()}. */
    public boolean isAny() {
        return from.isEmpty() && before.isEmpty();
    }

    /** Whether {@code time} is in it; what has no time is only in {@link #any()}. */
    public boolean contains(Optional<Instant> time) {
        return isAny() || time.filter(this::contains).isPresent();
    }

    /** Whether {@code time} is in it. */
    public boolean contains(Instant time) {
        return from.filter(time::isBefore).isEmpty()
                && before.filter(end -> !time.isBefore(end)).isEmpty();
    }
}
