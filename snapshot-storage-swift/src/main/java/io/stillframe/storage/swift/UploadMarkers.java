package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** The small objects by which unfinished uploads, and removals that were cut short, are found again. */
final class UploadMarkers {
    private final SwiftClient client;
    private final SwiftNames names;

    UploadMarkers(SwiftClient client, SwiftNames names) {
        this.client = client;
        this.names = names;
    }

    /**
     * What a marker says.
     *
     * @param purpose {@code upload} or {@code removal}
     * @param owner who wrote it, for people: process and host
     */
    record Content(String purpose, String owner, UploadOptions options) {
        static Content ofUpload(UploadOptions options) {
            return new Content("upload", thisProcess(), options);
        }

        static Content ofRemoval() {
            return new Content("removal", thisProcess(), UploadOptions.ofDefaults());
        }

        private static String thisProcess() {
            String host = Optional.ofNullable(System.getenv("HOSTNAME")).orElse("unknown");
            return "process " + ProcessHandle.current().pid() + " on " + host;
        }
    }

    void write(ObjectKey key, UploadId id, Content content) {
        byte[] bytes = Json.write(out -> {
            out.writeStartObject();
            out.writeNumberField("version", 1);
            out.writeStringField("purpose", content.purpose());
            out.writeStringField("key", key.value());
            out.writeStringField("owner", content.owner());
            out.writeStringField("begun", Instant.now().toString());
            out.writeStringField("contentType", content.options().contentType());
            if (content.options().expiresAt().isPresent()) {
                out.writeStringField(
                        "expiresAt", content.options().expiresAt().get().toString());
            }
            out.writeEndObject();
        });
        String what = "marking an upload of " + key;
        String path = names.segmentPath(names.marker(key, id));
        Answer answer = client.call(what, put(path, bytes, content));
        if (answer.status() == 404) {
            createContainer();
            answer = client.call(what, put(path, bytes, content));
        }
        if (!answer.succeeded()) {
            throw ContainerQuota.refusal(what, answer, client, names.segmentContainer());
        }
    }

    private static SwiftCall put(String path, byte[] bytes, Content content) {
        SwiftCall call = new SwiftCall("PUT", path).header("Content-Type", "application/json");
        Expiry.apply(call, content.options());
        return call.body(ByteBuffer.wrap(bytes));
    }

    /** Beside the objects, with the same storage policy. */
    private void createContainer() {
        Answer home = client.call(
                "looking at container " + names.container(), SwiftCall.describing(SwiftNames.path(names.container())));
        if (home.status() == 404) {
            throw SnapshotException.permanent("container " + names.container() + " does not exist (any more)", null);
        }
        SwiftCall create = new SwiftCall("PUT", SwiftNames.path(names.segmentContainer()));
        home.header("X-Storage-Policy").ifPresent(policy -> create.header("X-Storage-Policy", policy));
        client.succeed("creating container " + names.segmentContainer(), create);
    }

    /** @throws SnapshotException NOT_FOUND if there is none (any more) */
    UploadOptions read(ObjectKey key, UploadId id) {
        String what = "going on with the upload of " + key;
        Answer answer = client.call(what, new SwiftCall("GET", names.segmentPath(names.marker(key, id))));
        if (answer.status() == 404) {
            throw SnapshotException.notFound(what + ": it was completed or aborted");
        }
        if (!answer.succeeded()) {
            throw SwiftErrors.of(what, answer);
        }
        try {
            Map<?, ?> marker = Json.readObject(answer.body());
            return new UploadOptions(
                    Json.text(marker, "contentType").orElse("application/octet-stream"),
                    Json.text(marker, "expiresAt").map(Instant::parse));
        } catch (IOException | java.time.DateTimeException e) {
            throw SnapshotException.corrupt(what + ": its marker cannot be read");
        }
    }

    void remove(ObjectKey key, UploadId id) {
        String what = "ending the upload of " + key;
        Answer answer = client.call(what, new SwiftCall("DELETE", names.segmentPath(names.marker(key, id))));
        if (!answer.succeeded() && answer.status() != 404) {
            throw SwiftErrors.of(what, answer);
        }
    }
}
