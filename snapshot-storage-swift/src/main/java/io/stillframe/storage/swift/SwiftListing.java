package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.Page;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadToken;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Listings of objects, of unfinished uploads and of segments. */
final class SwiftListing {
    private static final int LARGEST_PAGE = 1000;

    private final SwiftClient client;
    private final SwiftNames names;
    private final ServerInfo info;

    SwiftListing(SwiftClient client, SwiftNames names, ServerInfo info) {
        this.client = client;
        this.names = names;
        this.info = info;
    }

    /** A listed object of a container. */
    record Entry(String name, long size, String hash, Instant modified) {}

    Page<ObjectStat> objects(String prefix, Optional<String> after, int limit) {
        Page<Entry> page = page(names.container(), names.prefix() + prefix, after.map(a -> names.prefix() + a), limit);
        List<ObjectStat> stats = new ArrayList<>();
        for (Entry entry : page.items()) {
            names.key(entry.name())
                    .map(key ->
                            new ObjectStat(key, entry.size(), SwiftLookup.version(entry.modified()), entry.modified()))
                    .ifPresent(stats::add);
        }
        return new Page<>(
                stats, page.next().map(next -> next.substring(names.prefix().length())));
    }

    Page<UnfinishedUpload> uploads(String prefix, Optional<String> after, int limit) {
        String root = names.markers("");
        Page<Entry> page = page(names.segmentContainer(), root + prefix, after.map(a -> root + a), limit);
        List<UnfinishedUpload> found = new ArrayList<>();
        for (Entry entry : page.items()) {
            upload(entry, root)
                    .filter(upload -> upload.token().key().value().startsWith(prefix))
                    .ifPresent(found::add);
        }
        return new Page<>(found, page.next().map(next -> next.substring(root.length())));
    }

    private static Optional<UnfinishedUpload> upload(Entry entry, String root) {
        int slash = entry.name().lastIndexOf('/');
        if (slash <= root.length()) {
            return Optional.empty();
        }
        Optional<UploadId> id = UploadId.parse(entry.name().substring(slash + 1));
        try {
            ObjectKey key = ObjectKey.of(entry.name().substring(root.length(), slash));
            return id.map(i -> new UnfinishedUpload(new UploadToken(key, i.layout(), i.text()), entry.modified()));
        } catch (SnapshotException e) {
            return Optional.empty();
        }
    }

    /** All segments, and manifests between, of an upload whose names come after the given one. */
    List<Entry> segments(ObjectKey key, UploadId id, Optional<String> afterName) {
        List<Entry> all = new ArrayList<>();
        Optional<String> after = afterName;
        boolean more = true;
        while (more) {
            Page<Entry> page = page(names.segmentContainer(), names.segments(key, id), after, info.largestPage());
            all.addAll(page.items());
            after = page.next();
            more = after.isPresent();
        }
        return all;
    }

    private Page<Entry> page(String container, String prefix, Optional<String> after, int limit) {
        int asked = Math.min(limit + 1, info.largestPage());
        String query = "?format=json&limit=" + asked + "&prefix=" + parameter(prefix)
                + after.map(name -> "&marker=" + parameter(name)).orElse("");
        String what = "listing container " + container;
        Answer answer = client.call(what, new SwiftCall("GET", SwiftNames.path(container) + query));
        if (answer.status() == 404) {
            if (container.equals(names.segmentContainer())) {
                return new Page<>(List.of(), Optional.empty());
            }
            throw SnapshotException.permanent(what + ": it does not exist (any more)", null);
        }
        if (!answer.succeeded()) {
            throw SwiftErrors.of(what, answer);
        }
        List<Entry> entries = answer.status() == 204 ? List.of() : parse(answer, what);
        List<Entry> kept = entries.subList(0, Math.min(entries.size(), limit));
        boolean more = entries.size() >= asked && !kept.isEmpty();
        return new Page<>(kept, more ? Optional.of(kept.get(kept.size() - 1).name()) : Optional.empty());
    }

    private static String parameter(String text) {
        return SwiftNames.encode(text).replace("/", "%2F");
    }

    private static List<Entry> parse(Answer answer, String what) {
        List<Entry> entries = new ArrayList<>();
        try {
            for (Object item : Json.readArray(answer.body())) {
                if (item instanceof Map<?, ?> entry && entry.containsKey("name")) {
                    entries.add(new Entry(
                            Json.text(entry, "name").orElseThrow(() -> new IOException("an entry without name")),
                            Json.number(entry, "bytes").orElse(0L),
                            Json.text(entry, "hash").orElse(""),
                            SwiftLookup.listed(Json.text(entry, "last_modified").orElse(""))));
                }
            }
        } catch (IOException | DateTimeException e) {
            throw SnapshotException.transientFault(what + ": the answer is not a listing", e);
        }
        return entries;
    }

    static void requireLimit(int limit) {
        if (limit < 1 || limit > LARGEST_PAGE) {
            throw SnapshotException.invalid("a page has 1 to " + LARGEST_PAGE + " items, got " + limit);
        }
    }
}
