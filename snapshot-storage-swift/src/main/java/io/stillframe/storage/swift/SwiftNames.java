package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Where things lie. Objects: {@code container/prefix/key}. In the container of segments, per upload: its marker
 * {@code uploads/prefix/key/id}, its segments {@code segments/prefix/key/id/00000001} and, for many of them, the manifests between them
 * and the object, {@code segments/prefix/key/id/m000001}.
 */
record SwiftNames(String container, String prefix) {
    private static final String UPLOADS = "uploads/";
    private static final String SEGMENTS = "segments/";
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

    String segmentContainer() {
        return container + "_segments";
    }

    String object(ObjectKey key) {
        return prefix + key.value();
    }

    /** The key of a listed object; empty if it is none, having been put there by somebody else. */
    Optional<ObjectKey> key(String object) {
        if (!object.startsWith(prefix)) {
            return Optional.empty();
        }
        try {
            return Optional.of(ObjectKey.of(object.substring(prefix.length())));
        } catch (SnapshotException e) {
            return Optional.empty();
        }
    }

    String markers(String keyPrefix) {
        return UPLOADS + prefix + keyPrefix;
    }

    String marker(ObjectKey key, UploadId id) {
        return markers(key.value()) + "/" + id.text();
    }

    String segments(ObjectKey key, UploadId id) {
        return SEGMENTS + prefix + key.value() + "/" + id.text() + "/";
    }

    String segment(ObjectKey key, UploadId id, int number) {
        return segments(key, id) + number(number);
    }

    String innerManifest(ObjectKey key, UploadId id, int number) {
        return segments(key, id) + "m" + number(number);
    }

    private static String number(int number) {
        String digits = Integer.toString(number);
        return "0".repeat(8 - digits.length()) + digits;
    }

    String objectPath(ObjectKey key) {
        return path(container, object(key));
    }

    String segmentPath(String name) {
        return path(segmentContainer(), name);
    }

    static String path(String container) {
        return "/" + encode(container).replace("/", "%2F");
    }

    static String path(String container, String object) {
        return path(container) + "/" + encode(object);
    }

    /** Every byte of UTF-8 that is not unreserved in URIs, or a slash, as a percent sign and two digits. */
    static String encode(String text) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (UNRESERVED.indexOf(b & 0xff) >= 0) {
                encoded.append((char) b);
            } else {
                encoded.append(String.format("%%%02X", b & 0xff));
            }
        }
        return encoded.toString();
    }
}
