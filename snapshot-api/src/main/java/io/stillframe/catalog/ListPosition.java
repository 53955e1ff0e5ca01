package io.stillframe.catalog;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import java.time.DateTimeException;
import java.time.Instant;

/** A record's place in a listing: newest request first, then by identity. */
record ListPosition(Instant requestedAt, SnapshotId id) implements Comparable<ListPosition> {
    static ListPosition parse(String token) {
        int slash = token.indexOf('/');
        try {
            return new ListPosition(
                    Instant.parse(token.substring(0, Math.max(slash, 0))), new SnapshotId(token.substring(slash + 1)));
        } catch (DateTimeException | SnapshotException e) {
            throw new SnapshotException(Kind.INVALID, "the page token is none of this catalog's", e);
        }
    }

    String token() {
        return requestedAt + "/" + id;
    }

    @Override
    public int compareTo(ListPosition other) {
        int newestFirst = other.requestedAt.compareTo(requestedAt);
        return newestFirst != 0 ? newestFirst : id.compareTo(other.id);
    }
}
