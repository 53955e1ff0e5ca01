package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Looks what an object is now, asking all its replicas. */
final class SwiftLookup {
    /** Whose an object is: the upload's name, or a random one. */
    static final String MARK = "X-Object-Meta-Stillframe-Mark";

    private static final Pattern TIMESTAMP = Pattern.compile("([0-9]{1,11})\\.([0-9]{5}).*");

    private final SwiftClient client;
    private final SwiftNames names;

    SwiftLookup(SwiftClient client, SwiftNames names) {
        this.client = client;
        this.names = names;
    }

    /** An object as it was found; {@code large} if it is a manifest of segments. */
    record Found(ObjectStat stat, String etag, Optional<String> mark, boolean large) {
        boolean hasMark(String expected) {
            return mark.filter(expected::equals).isPresent();
        }

        /** The upload that left segments for this object, if it is one of this store's. */
        Optional<UploadId> upload() {
            return large ? mark.flatMap(UploadId::parse) : Optional.empty();
        }
    }

    Optional<Found> look(ObjectKey key) {
        String what = "looking for " + key + " in container " + names.container();
        Answer answer = client.call(what, new SwiftCall("HEAD", names.objectPath(key)).header("X-Newest", "true"));
        if (answer.status() == 404) {
            requireContainer(client, names.container(), what);
            return Optional.empty();
        }
        if (!answer.succeeded()) {
            throw SwiftErrors.of(what, answer);
        }
        return Optional.of(found(key, answer, what));
    }

    /** The answer for an object is the same whether it or its container is missing, and who lost the container has lost no object. */
    static void requireContainer(SwiftClient client, String container, String what) {
        Answer answer = client.call(what, SwiftCall.describing(SwiftNames.path(container)));
        if (answer.status() == 404) {
            throw SnapshotException.permanent(
                    what + ": container " + container + " does not exist (any more); create it", null);
        }
        if (!answer.succeeded()) {
            throw SwiftErrors.of(what, answer);
        }
    }

    private static Found found(ObjectKey key, Answer answer, String what) {
        long size = answer.header("Content-Length")
                .filter(text -> text.matches("[0-9]{1,18}"))
                .map(Long::parseLong)
                .orElseThrow(() -> SnapshotException.permanent(what + ": the answer tells no length", null));
        Instant modified = answer.header("X-Timestamp")
                .flatMap(SwiftLookup::timestamp)
                .orElseThrow(() -> SnapshotException.permanent(what + ": the answer tells no time", null));
        return new Found(
                new ObjectStat(key, size, version(modified), modified),
                answer.etag(),
                answer.header(MARK),
                answer.header("X-Static-Large-Object")
                        .filter("true"::equalsIgnoreCase)
                        .isPresent());
    }

    private static Optional<Instant> timestamp(String text) {
        Matcher matcher = TIMESTAMP.matcher(text);
        return matcher.matches()
                ? Optional.of(Instant.ofEpochSecond(
                        Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)) * 10_000))
                : Optional.empty();
    }

    /** Swift's time of writing tells the versions of an object apart, and listings have it too. */
    static String version(Instant modified) {
        return modified.getEpochSecond() + "." + modified.getNano() / 10_000;
    }

    /** @throws DateTimeException if it is no time of a listing */
    static Instant listed(String lastModified) {
        return LocalDateTime.parse(lastModified).toInstant(ZoneOffset.UTC);
    }
}
