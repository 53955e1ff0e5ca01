package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes objects with their segments. The manifest goes first, so that an object is whole until it is gone; a marker written before
 * lets a sweep finish what was cut short.
 */
final class SwiftRemoval {
    private static final Logger LOG = LoggerFactory.getLogger(SwiftRemoval.class);
    private static final int TRIES = 5;
    private static final int MOST_AT_ONCE = 1000;

    private final SwiftClient client;
    private final SwiftNames names;
    private final ServerInfo info;
    private final SwiftLookup lookup;
    private final SwiftListing listing;
    private final UploadMarkers markers;

    SwiftRemoval(
            SwiftClient client,
            SwiftNames names,
            ServerInfo info,
            SwiftLookup lookup,
            SwiftListing listing,
            UploadMarkers markers) {
        this.client = client;
        this.names = names;
        this.info = info;
        this.lookup = lookup;
        this.listing = listing;
        this.markers = markers;
    }

    void objects(Collection<ObjectKey> keys) {
        List<String> whole = new ArrayList<>();
        for (ObjectKey key : keys) {
            Optional<SwiftLookup.Found> found = lookup.look(key);
            if (found.isEmpty()) {
                continue;
            }
            if (found.get().large()) {
                large(key, found.get());
            } else {
                whole.add(names.objectPath(key));
            }
        }
        paths(whole);
    }

    private void large(ObjectKey key, SwiftLookup.Found found) {
        Optional<UploadId> upload = found.upload();
        if (upload.isEmpty()) {
            withItsManifest(key);
            return;
        }
        if (!marked(key, upload.get())) {
            withItsManifest(key);
            segments(key, upload.get(), List.of());
            return;
        }
        paths(List.of(names.objectPath(key)));
        segments(key, upload.get(), List.of());
        markers.remove(key, upload.get());
    }

    /** Where nothing more can be written, over a quota or on full disks, removing must be possible all the more. */
    private boolean marked(ObjectKey key, UploadId upload) {
        try {
            markers.write(key, upload, UploadMarkers.Content.ofRemoval());
            return true;
        } catch (SnapshotException e) {
            if (e.kind() != SnapshotException.Kind.PERMANENT) {
                throw e;
            }
            LOG.info("{} is removed without a marker: {}", key, e.getMessage());
            return false;
        }
    }

    /**
     * By the server: the segments that the manifest names, then the manifest, so that what is cut short can be begun again. Also for
     * large objects of other tools.
     */
    private void withItsManifest(ObjectKey key) {
        String what = "deleting " + key + " with its segments";
        Answer answer =
                client.succeed(what, new SwiftCall("DELETE", names.objectPath(key) + "?multipart-manifest=delete"));
        requireDeleted(what, answer);
    }

    /** Marks the segments of an object that is about to be replaced, and says whose they are. */
    Optional<UploadId> beforeReplacing(ObjectKey key, String ownMark) {
        Optional<UploadId> former =
                lookup.look(key).filter(found -> !found.hasMark(ownMark)).flatMap(SwiftLookup.Found::upload);
        former.ifPresent(upload -> markers.write(key, upload, UploadMarkers.Content.ofRemoval()));
        return former;
    }

    /** Removes the segments of an object that has been replaced; what fails is left to a sweep. */
    void afterReplacing(ObjectKey key, UploadId former) {
        try {
            segments(key, former, List.of());
            markers.remove(key, former);
        } catch (SnapshotException e) {
            LOG.warn("segments of a former {} are left to a sweep: {}", key, e.getMessage());
        }
    }

    /**
     * Removes all segments of an upload: those that are listed and, as listings may lag behind, those that were sent.
     *
     * @param sent their names
     */
    void segments(ObjectKey key, UploadId id, Collection<String> sent) {
        List<String> left = new ArrayList<>(sent);
        for (int attempt = 1; attempt <= TRIES; attempt++) {
            listing.segments(key, id, Optional.empty()).forEach(entry -> left.add(entry.name()));
            if (left.isEmpty()) {
                return;
            }
            named(left);
            left.clear();
        }
        if (!listing.segments(key, id, Optional.empty()).isEmpty()) {
            throw SnapshotException.transientFault(
                    "segments of " + key + " keep arriving while they are removed", null);
        }
    }

    /** Removes objects of the container of segments. */
    void named(Collection<String> segments) {
        paths(segments.stream().distinct().map(names::segmentPath).toList());
    }

    private void paths(List<String> paths) {
        int most = Math.min(info.mostDeletes(), MOST_AT_ONCE);
        if (most < 2 || paths.size() < 2) {
            paths.forEach(this::one);
            return;
        }
        for (int from = 0; from < paths.size(); from += most) {
            bulk(paths.subList(from, Math.min(paths.size(), from + most)));
        }
    }

    private void one(String path) {
        Answer answer = client.call("deleting " + path, new SwiftCall("DELETE", path));
        if (!answer.succeeded() && answer.status() != 404) {
            throw SwiftErrors.of("deleting " + path, answer);
        }
    }

    private void bulk(List<String> paths) {
        ByteBuffer body = ByteBuffer.wrap((String.join("\n", paths) + "\n").getBytes(StandardCharsets.US_ASCII));
        String what = "deleting " + paths.size() + " objects from " + paths.get(0);
        SwiftCall call = new SwiftCall("POST", "?bulk-delete")
                .header("Content-Type", "text/plain")
                .body(body);
        requireDeleted(what, client.succeed(what, call));
    }

    /** A bulk deletion says 200 before it begins; what became of it is in the body. */
    private static void requireDeleted(String what, Answer answer) {
        try {
            Map<?, ?> outcome = Json.readObject(answer.body());
            String status = Json.text(outcome, "Response Status").orElse("");
            List<?> errors = Json.array(outcome, "Errors");
            boolean none = Json.number(outcome, "Number Deleted").orElse(0L) == 0
                    && Json.number(outcome, "Number Not Found").orElse(0L) > 0
                    && errors.isEmpty();
            if (!none && (!status.startsWith("200") || !errors.isEmpty())) {
                throw failed(what, status, errors);
            }
        } catch (IOException e) {
            throw SwiftErrors.unanswered(what, e);
        }
    }

    private static SnapshotException failed(String what, String status, List<?> errors) {
        String first = errors.isEmpty() ? status : String.valueOf(errors.get(0));
        String message = what + ": " + errors.size() + " stay, the first being " + first;
        boolean passing =
                first.contains("409") || first.contains("429") || first.contains(" 50") || first.startsWith("50");
        return passing ? SnapshotException.transientFault(message, null) : SnapshotException.permanent(message, null);
    }
}
