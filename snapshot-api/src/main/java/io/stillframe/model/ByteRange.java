package io.stillframe.model;

/**
 * A half-open range of bytes {@code [start, end)}, {@code 0 <= start <= end}.
 *
 * @param start first byte, inclusive, at least 0
 * @param end end, exclusive, at least {@code start}
 */
public record ByteRange(long start, long end) {
    public ByteRange {
        if (start < 0 || end < start) {
            throw SnapshotException.invalid("byte range [" + start + ", " + end + ") must satisfy 0 <= start <= end");
        }
    }

    /**
     * The range of {@code length} bytes from {@code start}.
     *
     * @throws SnapshotException INVALID if either is negative or the end exceeds {@link Long#MAX_VALUE}
     */
    public static ByteRange ofLength(long start, long length) {
        if (start < 0 || length < 0 || start > Long.MAX_VALUE - length) {
            throw SnapshotException.invalid(
                    "byte range of " + length + " bytes from " + start + " does not fit into [0, 2^63)");
        }
        return new ByteRange(start, start + length);
    }

    /** Bytes in the range, at least 0. */
    public long length() {
        return end - start;
    }

    public boolean isEmpty() {
        return start == end;
    }

    /** Whether every byte of {@code other} lies in this range. */
    public boolean contains(ByteRange other) {
        return start <= other.start && other.end <= end;
    }

    @Override
    public String toString() {
        return "[" + start + ", " + end + ")";
    }
}
