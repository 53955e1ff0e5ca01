package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a cluster says of itself at {@code /info}; where it does not, Swift's own defaults.
 *
 * @param largestObject most bytes of an object that is not cut into segments
 * @param longestName most bytes of an object's name
 * @param largestPage most entries of a listing
 * @param mostSegments most segments that one manifest names
 * @param largestManifest most bytes of a manifest
 * @param smallestSegment fewest bytes of a segment
 * @param mostDeletes most objects that one request deletes; 0 without that middleware
 * @param tempUrlDigests what signatures of temporary URLs can be made with; empty without that middleware
 */
record ServerInfo(
        long largestObject,
        int longestName,
        int largestPage,
        int mostSegments,
        int largestManifest,
        int smallestSegment,
        int mostDeletes,
        List<String> tempUrlDigests) {
    private static final ServerInfo DEFAULTS =
            new ServerInfo(5L * 1024 * 1024 * 1024, 1024, 10_000, 1000, 8 << 20, 1, 0, List.of());

    static ServerInfo of(SwiftClient client) {
        String account = client.account().toString();
        int version = account.indexOf("/v1");
        if (version < 0) {
            return DEFAULTS;
        }
        Optional<Answer> answer = client.anonymous(URI.create(account.substring(0, version) + "/info"));
        if (answer.filter(Answer::succeeded).isEmpty()) {
            return DEFAULTS;
        }
        try {
            return parse(Json.readObject(answer.get().body()));
        } catch (IOException e) {
            return DEFAULTS;
        }
    }

    static ServerInfo parse(Map<?, ?> info) {
        if (!(info.get("slo") instanceof Map<?, ?> slo)) {
            throw SnapshotException.unsupported(
                    "the Swift cluster has no static large objects (slo), which uploads in parts need");
        }
        Map<?, ?> swift = Json.object(info, "swift");
        return new ServerInfo(
                Json.number(swift, "max_file_size").filter(n -> n > 0).orElse(DEFAULTS.largestObject),
                bounded(swift, "max_object_name_length", DEFAULTS.longestName),
                bounded(swift, "container_listing_limit", DEFAULTS.largestPage),
                bounded(slo, "max_manifest_segments", DEFAULTS.mostSegments),
                bounded(slo, "max_manifest_size", DEFAULTS.largestManifest),
                bounded(slo, "min_segment_size", DEFAULTS.smallestSegment),
                info.get("bulk_delete") instanceof Map<?, ?> bulk ? bounded(bulk, "max_deletes_per_request", 1000) : 0,
                info.get("tempurl") instanceof Map<?, ?> tempUrl ? digests(tempUrl) : List.of());
    }

    private static int bounded(Map<?, ?> object, String name, int otherwise) {
        return Json.number(object, name)
                .filter(n -> n > 0 && n <= Integer.MAX_VALUE)
                .map(Long::intValue)
                .orElse(otherwise);
    }

    /** Versions that do not name them know SHA-1 only. */
    private static List<String> digests(Map<?, ?> tempUrl) {
        List<String> named = Json.array(tempUrl, "allowed_digests").stream()
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .toList();
        return named.isEmpty() ? List.of("sha1") : named;
    }
}
