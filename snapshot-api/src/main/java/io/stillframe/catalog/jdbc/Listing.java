package io.stillframe.catalog.jdbc;

import io.stillframe.internal.catalog.ListPosition;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.TimeRange;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Page;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One page of a listing as a statement. A page begins at an index's place, however far down the listing it is. */
final class Listing {
    private static final Logger LOG = LoggerFactory.getLogger(Listing.class);

    private final SnapshotQuery query;
    private final int limit;
    private final List<String> conditions = new ArrayList<>();
    private final List<Object> parameters = new ArrayList<>();

    Listing(SnapshotQuery query, Optional<String> after, int limit) {
        this.query = query;
        this.limit = limit;
        restrict();
        after.ifPresent(token -> startBehind(ListPosition.parse(token, query)));
    }

    /** One row. */
    private record Line(SnapshotId id, long key, String json) {}

    Page<CatalogRecord> read(Connection connection) throws SQLException {
        List<Line> lines = Sql.rows(
                connection,
                row -> new Line(new SnapshotId(row.getString(1)), row.getLong(2), row.getString(3)),
                statement(),
                parameters.toArray());
        List<CatalogRecord> items = new ArrayList<>();
        lines.stream().limit(limit).forEach(line -> readable(line).ifPresent(items::add));
        return new Page<>(items, lines.size() > limit ? Optional.of(token(lines.get(limit - 1))) : Optional.empty());
    }

    private String statement() {
        String where = conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions);
        String direction = newestFirst() ? " DESC" : "";
        return "SELECT id, " + key() + ", record FROM stillframe_snapshot" + where + " ORDER BY " + key() + direction
                + ", id LIMIT " + (limit + 1);
    }

    private void restrict() {
        if (!query.statuses().isEmpty()) {
            // Written into the statement, so that a plan for any parameters knows how frequent they are.
            conditions.add("status IN ("
                    + String.join(
                            ", ",
                            query.statuses().stream()
                                    .map(status -> "'" + status.name() + "'")
                                    .toList())
                    + ")");
        }
        query.tenant().ifPresent(tenant -> equal("tenant", tenant.name()));
        query.instance().ifPresent(this::restrictToInstance);
        query.hypervisor().ifPresent(uri -> equal("hypervisor", ColumnText.of(uri)));
        query.name().ifPresent(name -> equal("name", ColumnText.of(name)));
        within("requested_at", query.requested());
        within("completed_at", query.completed());
        within("expires_at", query.expires());
        if (query.order() == SnapshotQuery.Order.SOONEST_EXPIRY) {
            conditions.add("expires_at IS NOT NULL");
        }
    }

    /** An identity is stored as it is, a name as {@link ColumnText}. */
    private void restrictToInstance(String instance) {
        if (instance.chars().allMatch(c -> c > 32 && c < 127)) {
            conditions.add("(instance_id = ? OR instance_name = ?)");
            parameters.add(instance);
            parameters.add(ColumnText.of(instance));
        } else {
            equal("instance_name", ColumnText.of(instance));
        }
    }

    private void equal(String column, String value) {
        conditions.add(column + " = ?");
        parameters.add(value);
    }

    private void within(String column, TimeRange range) {
        range.from().ifPresent(from -> {
            conditions.add(column + " >= ?");
            parameters.add(Nanos.of(from));
        });
        range.before().ifPresent(before -> {
            conditions.add(column + " < ?");
            parameters.add(Nanos.of(before));
        });
    }

    /** The first condition alone bounds the index; the second one leaves out what has the same key. */
    private void startBehind(ListPosition position) {
        String behind = newestFirst() ? " <" : " >";
        conditions.add(key() + behind + "= ?");
        conditions.add("(" + key() + behind + " ? OR id > ?)");
        parameters.add(Nanos.of(position.key()));
        parameters.add(Nanos.of(position.key()));
        parameters.add(position.id().value());
    }

    private String token(Line line) {
        return new ListPosition(query.order(), Nanos.toInstant(line.key()), line.id()).token();
    }

    private boolean newestFirst() {
        return query.order() == SnapshotQuery.Order.NEWEST_FIRST;
    }

    private String key() {
        return query.order() == SnapshotQuery.Order.SOONEST_EXPIRY ? "expires_at" : "requested_at";
    }

    /** Records of an instance that listings leave out. */
    static List<SnapshotId> unreadable(Connection connection, InstanceId instance) throws SQLException {
        List<Optional<SnapshotId>> found = Sql.rows(
                connection,
                row -> {
                    SnapshotId id = new SnapshotId(row.getString(1));
                    return readable(row.getString(2), id).isPresent() ? Optional.empty() : Optional.of(id);
                },
                "SELECT id, record FROM stillframe_snapshot WHERE instance_id = ?",
                instance.value());
        return found.stream().flatMap(Optional::stream).toList();
    }

    private static Optional<CatalogRecord> readable(Line line) {
        return readable(line.json(), line.id());
    }

    /** A row's record; one that cannot be read is left out. */
    static Optional<CatalogRecord> readable(String json, SnapshotId id) {
        try {
            return Optional.of(RecordRows.read(json, id.value()));
        } catch (SnapshotException e) {
            if (e.kind() != Kind.CORRUPT && e.kind() != Kind.UNSUPPORTED) {
                throw e;
            }
            LOG.warn("left out of listings: {}", e.getMessage());
            return Optional.empty();
        }
    }
}
