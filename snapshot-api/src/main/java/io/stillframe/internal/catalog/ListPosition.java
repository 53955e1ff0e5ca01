package io.stillframe.internal.catalog;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Comparator;

/**
 * A record's place in a listing: by a time, then by identity.
 *
 * @param order of the listing
 * @param key the time that this order goes by
 * @param id whose place
 */
public record ListPosition(SnapshotQuery.Order order, Instant key, SnapshotId id) {
    /** The place that a page's token names; INVALID if it is none of the query's. */
    public static ListPosition parse(String token, SnapshotQuery query) {
        String[] parts = token.split("/", -1);
        if (parts.length == 3 && parts[0].equals(query.order().name())) {
            try {
                return new ListPosition(query.order(), Instant.parse(parts[1]), new SnapshotId(parts[2]));
            } catch (DateTimeException | SnapshotException e) {
                throw new SnapshotException(Kind.INVALID, "the page token is none of this catalog's", e);
            }
        }
        throw SnapshotException.invalid("the page token is none of this listing's");
    }

    public String token() {
        return order + "/" + key + "/" + id;
    }

    /** How places of a query's listing sort. */
    public static Comparator<ListPosition> sorting(SnapshotQuery query) {
        return Comparator.comparing(ListPosition::key, query.keyOrder()).thenComparing(ListPosition::id);
    }
}
