package io.stillframe.catalog.jdbc;

import io.stillframe.internal.catalog.Contender;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.Tenant;
import io.stillframe.spi.Capacity;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.Page;
import io.stillframe.spi.RunningWork;
import io.stillframe.spi.SnapshotCatalog.Owners;
import io.stillframe.spi.TakenRecord;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.TurnRequest.Whose;
import io.stillframe.spi.Work;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Whose turn it is among waiting work. Who takes work holds the lock of one row, the counter of turns, from before it counts what runs
 * until it has committed, so that all together keep to the limits; who finds nothing waiting does not come that far.
 */
final class TurnRows {
    private static final List<Work> OPEN =
            Arrays.stream(Work.values()).filter(work -> work != Work.NONE).toList();
    private static final List<Work> IN_ORDER = List.of(Work.WAITS_TO_CAPTURE, Work.WAITS_TO_TRANSFER);

    private final CatalogTime time;
    private final LeaseRows leases;

    TurnRows(CatalogTime time, LeaseRows leases) {
        this.time = time;
        this.leases = leases;
    }

    /** The restriction of a statement, put together piece by piece. */
    private static final class Condition {
        private final StringBuilder text = new StringBuilder();
        private final List<Object> parameters = new ArrayList<>();

        Condition and(String condition, Object... values) {
            text.append(text.length() == 0 ? " WHERE " : " AND ").append(condition);
            parameters.addAll(List.of(values));
            return this;
        }

        /** The same, to be narrowed by itself. */
        Condition copy() {
            Condition copy = new Condition();
            copy.text.append(text);
            copy.parameters.addAll(parameters);
            return copy;
        }

        /**
         * Written into the statement: a plan that PostgreSQL makes once for any parameters takes every kind of work for as frequent as
         * work that is done, and reads the whole table instead of the index.
         */
        Condition oneOf(String column, Collection<Work> works) {
            return and(column + " IN ("
                    + String.join(
                            ", ", works.stream().map(w -> "'" + w.name() + "'").toList()) + ")");
        }

        Condition in(String column, Collection<String> values) {
            return among(column + " IN (", values, ")");
        }

        Condition notIn(String column, Collection<String> values) {
            return values.isEmpty() ? this : among(column + " NOT IN (", values, ")");
        }

        Condition among(String before, Collection<String> values, String after) {
            String places = String.join(", ", values.stream().map(v -> "?").toList());
            return and(before + places + after, values.toArray());
        }
    }

    /** Whether anything waits that could be asked for at all. */
    static boolean anyWaits(Connection connection, TurnRequest request) throws SQLException {
        if (request.work().isEmpty() || request.hosts().isEmpty()) {
            return false;
        }
        Condition waiting = new Condition().oneOf("work", request.work());
        return Sql.row(
                        connection,
                        row -> row.getString(1),
                        "SELECT id FROM stillframe_snapshot" + waiting.text + " LIMIT 1",
                        waiting.parameters.toArray())
                .isPresent();
    }

    Optional<TakenRecord> take(Connection connection, TurnRequest request, String owner, Duration ttl)
            throws SQLException {
        long turn = 1
                + Sql.row(
                                connection,
                                row -> row.getLong(1),
                                "SELECT turn FROM stillframe_turn WHERE tenant = '' AND work = '' FOR UPDATE")
                        .orElseThrow();
        Capacity capacity = new Capacity(request.limits(), running(connection));
        for (Work work : IN_ORDER) {
            if (request.work().contains(work) && !capacity.isFull(work.begun())) {
                Optional<TakenRecord> taken = new Round(connection, request, owner, ttl, work, capacity, turn).take();
                if (taken.isPresent()) {
                    return taken;
                }
            }
        }
        return Optional.empty();
    }

    /** Looks whether a turn was taken whose commit was not answered. */
    Optional<Optional<TakenRecord>> taken(Connection connection, TakenRecord intended) throws SQLException {
        Optional<CatalogRecord> found =
                RecordRows.lock(connection, intended.record().snapshot().id());
        return found.equals(Optional.of(intended.record())) && leases.isLatest(connection, intended.lease())
                ? Optional.of(Optional.of(intended))
                : Optional.empty();
    }

    List<RunningWork> running(Connection connection) throws SQLException {
        return Sql.rows(
                connection,
                row -> new RunningWork(
                        Work.valueOf(row.getString(1)),
                        ColumnText.parse(row.getString(2), "a snapshot's host"),
                        Optional.ofNullable(row.getString(3))
                                .map(store -> ColumnText.parse(store, "a snapshot's store")),
                        new Tenant(row.getString(4))),
                "SELECT s.work, s.hypervisor, s.store, s.tenant FROM stillframe_snapshot s"
                        + " JOIN stillframe_lease l ON l.resource_key = s.id"
                        + " WHERE s.work IN ('CAPTURE', 'TRANSFER') AND l.expires_at > ?",
                Nanos.of(time.now(connection)));
    }

    Page<CatalogRecord> unfinished(Connection connection, Owners owners, Optional<SnapshotId> after, int limit)
            throws SQLException {
        Condition open = new Condition().oneOf("s.work", OPEN);
        after.ifPresent(id -> open.and("s.id > ?", id.value()));
        if (owners == Owners.NONE) {
            open.and(
                    "NOT EXISTS (SELECT 1 FROM stillframe_lease l WHERE l.resource_key = s.id AND l.expires_at > ?)",
                    Nanos.of(time.now(connection)));
        }
        record Line(SnapshotId id, String json) {}
        List<Line> lines = Sql.rows(
                connection,
                row -> new Line(new SnapshotId(row.getString(1)), row.getString(2)),
                "SELECT s.id, s.record FROM stillframe_snapshot s" + open.text + " ORDER BY s.id LIMIT " + (limit + 1),
                open.parameters.toArray());
        List<CatalogRecord> items = lines.stream()
                .limit(limit)
                .flatMap(line -> Listing.readable(line.json(), line.id()).stream())
                .toList();
        return new Page<>(
                items,
                lines.size() > limit ? Optional.of(lines.get(limit - 1).id().value()) : Optional.empty());
    }

    private static List<String> texts(Set<String> values) {
        return values.stream().map(ColumnText::of).toList();
    }

    /** One kind of work's turn. */
    private final class Round {
        private final Connection connection;
        private final TurnRequest request;
        private final String owner;
        private final Duration ttl;
        private final Work work;
        private final Capacity capacity;
        private final long turn;

        Round(
                Connection connection,
                TurnRequest request,
                String owner,
                Duration ttl,
                Work work,
                Capacity capacity,
                long turn) {
            this.connection = connection;
            this.request = request;
            this.owner = owner;
            this.ttl = ttl;
            this.work = work;
            this.capacity = capacity;
            this.turn = turn;
        }

        Optional<TakenRecord> take() throws SQLException {
            Condition mayBegin = mayBegin();
            for (Contender contender : contenders(mayBegin)) {
                Optional<TakenRecord> taken = take(mayBegin, contender.tenant());
                if (taken.isPresent()) {
                    serve(contender.tenant());
                    return taken;
                }
            }
            return Optional.empty();
        }

        private List<Contender> contenders(Condition mayBegin) throws SQLException {
            List<Contender> found = Sql.rows(
                    connection,
                    row -> contender(new Tenant(row.getString(1)), row.getLong(2), row.getLong(3)),
                    "SELECT s.tenant, COALESCE(MAX(t.turn), 0), MIN(s.requested_at) FROM stillframe_snapshot s"
                            + " LEFT JOIN stillframe_turn t ON t.tenant = s.tenant AND t.work = s.work"
                            + mayBegin.text + " GROUP BY s.tenant",
                    mayBegin.parameters.toArray());
            return found.stream().sorted(Contender.order()).toList();
        }

        private Contender contender(Tenant tenant, long lastTurn, long oldest) {
            return new Contender(tenant, capacity.runningFor(work.begun(), tenant), lastTurn, Nanos.toInstant(oldest));
        }

        private Condition mayBegin() throws SQLException {
            Condition condition = new Condition()
                    .oneOf("s.work", Set.of(work))
                    .in("s.hypervisor", texts(request.hosts()))
                    .notIn("s.hypervisor", texts(capacity.fullHosts(work.begun())));
            Set<String> full = capacity.fullStores(work.begun());
            if (request.stores().isEmpty()) {
                condition.and("s.store IS NULL");
            } else {
                condition.among("(s.store IS NULL OR s.store IN (", texts(request.stores()), "))");
            }
            if (!full.isEmpty()) {
                condition.among("(s.store IS NULL OR s.store NOT IN (", texts(full), "))");
            }
            String lease = "EXISTS (SELECT 1 FROM stillframe_lease l WHERE l.resource_key = s.id AND ";
            return request.whose() == Whose.OWN
                    ? condition.and(lease + "l.owner = ?)", ColumnText.of(owner))
                    : condition.and("NOT " + lease + "l.expires_at > ?)", Nanos.of(time.now(connection)));
        }

        private Optional<TakenRecord> take(Condition mayBegin, Tenant tenant) throws SQLException {
            Condition ofTenant = mayBegin.copy().and("s.tenant = ?", tenant.name());
            // Whoever changes a record just now holds its row; the next one is as good.
            Optional<SnapshotId> waiting = Sql.row(
                    connection,
                    row -> new SnapshotId(row.getString(1)),
                    "SELECT s.id FROM stillframe_snapshot s" + ofTenant.text
                            + " ORDER BY s.requested_at, s.id LIMIT 1 FOR UPDATE SKIP LOCKED",
                    ofTenant.parameters.toArray());
            return waiting.isEmpty() ? Optional.empty() : begin(waiting.get());
        }

        /** Empty if somebody has acquired its lease by its identity since. */
        private Optional<TakenRecord> begin(SnapshotId id) throws SQLException {
            LeaseOutcome outcome = leases.keepOrAcquire(connection, id.value(), owner, ttl, request.whose());
            Optional<CatalogRecord> record = RecordRows.lock(connection, id);
            if (!(outcome instanceof LeaseOutcome.Granted granted) || record.isEmpty()) {
                return Optional.empty();
            }
            CatalogRecord begun = record.get().begun();
            RecordRows.replace(connection, begun);
            return Optional.of(new TakenRecord(begun, granted.lease()));
        }

        private void serve(Tenant tenant) throws SQLException {
            Sql.change(connection, "UPDATE stillframe_turn SET turn = ? WHERE tenant = '' AND work = ''", turn);
            int known = Sql.change(
                    connection,
                    "UPDATE stillframe_turn SET turn = ? WHERE tenant = ? AND work = ?",
                    turn,
                    tenant.name(),
                    work.name());
            if (known == 0) {
                Sql.change(
                        connection,
                        "INSERT INTO stillframe_turn (tenant, work, turn) VALUES (?, ?, ?)",
                        tenant.name(),
                        work.name(),
                        turn);
            }
        }
    }
}
