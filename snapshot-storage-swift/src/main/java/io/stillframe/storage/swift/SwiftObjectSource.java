package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectStat;
import java.nio.ByteBuffer;

/** Ranged reads of an object, pinned by its ETag, straight into the caller's buffer. */
final class SwiftObjectSource implements ByteSource {
    private final SwiftClient client;
    private final SwiftNames names;
    private final SwiftLookup.Found found;

    SwiftObjectSource(SwiftClient client, SwiftNames names, SwiftLookup.Found found) {
        this.client = client;
        this.names = names;
        this.found = found;
    }

    @Override
    public long size() {
        return stat().size();
    }

    @Override
    public void read(long position, ByteBuffer target) {
        int length = target.remaining();
        if (position < 0 || length > size() || position > size() - length) {
            throw SnapshotException.invalid(
                    length + " bytes from " + position + " exceed " + describe() + " of " + size() + " bytes");
        }
        if (length == 0) {
            return;
        }
        String what = "reading " + length + " bytes from " + position + " of " + describe();
        Answer answer = client.call(what, call(position, target));
        if (answer.status() == 412 || answer.status() == 404) {
            // A replica that lags behind is no reason to give up: the newest one decides.
            answer = client.call(what, call(position, target).header("X-Newest", "true"));
        }
        requireRange(what, answer, position, length);
        target.position(target.position() + length);
    }

    private SwiftCall call(long position, ByteBuffer target) {
        return new SwiftCall("GET", names.objectPath(stat().key()))
                .header("Range", "bytes=" + position + "-" + (position + target.remaining() - 1))
                .header("If-Match", found.etag())
                .into(target);
    }

    private void requireRange(String what, Answer answer, long position, int length) {
        switch (answer.status()) {
            case 200, 206 -> {
                long got = answer.header("Content-Length").map(Long::parseLong).orElse((long) length);
                String range = answer.header("Content-Range").orElse("bytes " + position + "-");
                if (got != length || !range.startsWith("bytes " + position + "-")) {
                    throw SnapshotException.transientFault(what + ": the server answers with another range", null);
                }
            }
            case 404, 412, 416 -> throw SnapshotException.conflict(what + ": it was replaced or removed meanwhile");
            case 409 -> throw SnapshotException.corrupt(what + ": a segment is missing or not what the manifest says");
            default -> throw SwiftErrors.of(what, answer);
        }
    }

    private ObjectStat stat() {
        return found.stat();
    }

    @Override
    public String describe() {
        return "object " + stat().key() + " in container " + names.container();
    }

    @Override
    public void close() {
        // Nothing is held between reads.
    }
}
