package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes manifests of static large objects, with others between when one cannot name all segments. */
final class Manifests {
    /** What a manifest's entry has beside the name: its fields' names, ETag, size and punctuation. */
    private static final int ENTRY_OVERHEAD = 128;

    private final SwiftClient client;
    private final SwiftNames names;
    private final ServerInfo info;

    Manifests(SwiftClient client, SwiftNames names, ServerInfo info) {
        this.client = client;
        this.names = names;
        this.info = info;
    }

    /** A segment as a manifest names it. */
    record Segment(String name, String etag, long size) {}

    /** How many segments one manifest can name when they are named so. */
    static int perManifest(ServerInfo info, int nameBytes) {
        // In JSON a quote takes two bytes; keys hold nothing that takes more.
        int bySize = info.largestManifest() / (ENTRY_OVERHEAD + 2 * nameBytes);
        return Math.max(1, Math.min(info.mostSegments(), bySize));
    }

    /** The segments of the object's own manifest: the given ones or, if they are too many, manifests written for groups of them. */
    List<Segment> folded(ObjectKey key, UploadId id, List<Segment> segments, UploadOptions options) {
        int most = perManifest(
                info,
                names.segment(key, id, 1).getBytes(StandardCharsets.UTF_8).length
                        + names.segmentContainer().getBytes(StandardCharsets.UTF_8).length);
        if (segments.size() <= most) {
            return segments;
        }
        List<Segment> inner = new ArrayList<>();
        for (int from = 0; from < segments.size(); from += most) {
            List<Segment> group = segments.subList(from, Math.min(segments.size(), from + most));
            String name = names.innerManifest(key, id, inner.size() + 1);
            String what = "writing an inner manifest of " + key;
            SwiftCall call = call(names.segmentPath(name), group, options);
            try {
                SloStatus.of(client.raw(call)).requireSuccess(what);
            } catch (IOException e) {
                throw SwiftErrors.unanswered(what, e);
            }
            String etag = Md5.ofEtags(group.stream().map(Segment::etag).toList());
            inner.add(new Segment(
                    name, etag, group.stream().mapToLong(Segment::size).sum()));
        }
        return inner;
    }

    /** The call that writes a manifest; the server beats its heart while it checks the segments. */
    SwiftCall call(String path, List<Segment> segments, UploadOptions options) {
        byte[] bytes = Json.write(out -> {
            out.writeStartArray();
            for (Segment segment : segments) {
                out.writeStartObject();
                out.writeStringField("path", "/" + names.segmentContainer() + "/" + segment.name());
                out.writeStringField("etag", segment.etag());
                out.writeNumberField("size_bytes", segment.size());
                out.writeEndObject();
            }
            out.writeEndArray();
        });
        SwiftCall call = new SwiftCall("PUT", path + "?multipart-manifest=put&heartbeat=on")
                .header("Content-Type", options.contentType());
        Expiry.apply(call, options);
        return call.body(ByteBuffer.wrap(bytes));
    }

    /**
     * What became of a manifest.
     *
     * @param status the real one, which comes late, in the body, where the server has sent heartbeats
     * @param problems of segments: name and status
     */
    record SloStatus(int status, List<String> problems, Answer answer) {
        static SloStatus of(Answer answer) throws IOException {
            boolean late = answer.status() == 202 || answer.status() == 200;
            if (!late && answer.status() != 400) {
                return new SloStatus(answer.status(), List.of(), answer);
            }
            Map<?, ?> body;
            try {
                body = Json.readObject(answer.body());
            } catch (IOException e) {
                if (late) {
                    throw e;
                }
                return new SloStatus(answer.status(), List.of(), answer);
            }
            List<String> problems = new ArrayList<>();
            for (Object problem : Json.array(body, "Errors")) {
                problems.add(String.valueOf(problem));
            }
            String told = Json.text(body, "Response Status").orElse("");
            if (late && !told.matches("[1-5][0-9]{2}( .*)?")) {
                throw new IOException("a late answer without a status");
            }
            return new SloStatus(late ? Integer.parseInt(told.substring(0, 3)) : answer.status(), problems, answer);
        }

        boolean succeeded() {
            return status >= 200 && status < 300;
        }

        /** Whether segments were refused for reasons that pass. */
        boolean passing() {
            return !problems.isEmpty()
                    && problems.stream()
                            .allMatch(problem -> problem.matches("(?s).*, (401|408|429|498|499|5[0-9][0-9]) .*"));
        }

        SnapshotException failure(String what) {
            String first =
                    problems.isEmpty() ? "" : "; the first of " + problems.size() + " bad segments: " + problems.get(0);
            String message = what + ": the server says " + status + first;
            if (status == 400 && problems.stream().anyMatch(problem -> problem.contains(", 404 "))) {
                return SnapshotException.notFound(message);
            }
            if (status == 400 && problems.stream().anyMatch(problem -> problem.contains("Mismatch"))) {
                return SnapshotException.invalid(message);
            }
            if (passing()) {
                return SnapshotException.transientFault(message, null);
            }
            if (status == answer.status()) {
                return SwiftErrors.of(what, answer);
            }
            return new SnapshotException(SwiftErrors.kind(status), message);
        }

        void requireSuccess(String what) {
            if (!succeeded()) {
                throw failure(what);
            }
        }
    }
}
