package io.stillframe.benchmarks.catalog;

import io.stillframe.catalog.RecordJson;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.CaptureReport;
import io.stillframe.model.ConcurrencyLimits;
import io.stillframe.model.Consistency;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Downtime;
import io.stillframe.model.InstanceId;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Phase;
import io.stillframe.model.Placement;
import io.stillframe.model.Progress;
import io.stillframe.model.Replica;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import io.stillframe.model.TimeRange;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.Page;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.SnapshotCatalog.Owners;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.Work;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * How long calls of a catalog in PostgreSQL take when it holds many snapshots: {@code LargeCatalog JDBC-URL [SNAPSHOTS]}, one million by
 * default. The database is filled by itself and is emptied first, so give it one of its own. Prints a table of milliseconds.
 */
public final class LargeCatalog {
    private static final int CALLS = 200;
    private static final int WARM_UP = 30;
    private static final int PAGE = 100;
    private static final int EXPIRED = 100;
    private static final Instant LATEST = Instant.parse("2026-03-01T00:00:00Z");
    private static final Duration TTL = Duration.ofSeconds(30);

    private final SnapshotCatalog catalog;

    private LargeCatalog(SnapshotCatalog catalog) {
        this.catalog = catalog;
    }

    /** Fills and measures. */
    public static void main(String[] args) throws SQLException {
        String url = args[0];
        int snapshots = args.length > 1 ? Integer.parseInt(args[1]) : 1_000_000;
        try (SnapshotCatalog catalog = Plugins.catalog(URI.create(url))) {
            long started = System.nanoTime();
            fill(url, snapshots);
            System.out.printf(
                    Locale.ROOT,
                    "filled with %,d snapshots in %d s%n%n",
                    snapshots,
                    seconds(System.nanoTime() - started));
            System.out.println("| call | median ms | 99 % ms |\n|---|---|---|");
            new LargeCatalog(catalog).measure(snapshots);
        }
    }

    private void measure(int snapshots) {
        SnapshotQuery all = SnapshotQuery.all();
        SnapshotQuery available = all.withStatus(SnapshotStatus.AVAILABLE);
        SnapshotQuery soonest = available.inOrder(SnapshotQuery.Order.SOONEST_EXPIRY);
        SnapshotQuery due = soonest.withExpires(TimeRange.before(LATEST.plusSeconds(1)));
        time("list the first page of " + PAGE, () -> catalog.list(all, Optional.empty(), PAGE));
        Optional<String> middle = pageToken(all.withRequested(TimeRange.before(LATEST.minusSeconds(snapshots / 2))));
        time("list a page of " + PAGE + " in the middle", () -> catalog.list(all, middle, PAGE));
        time("list " + PAGE + " by status", () -> catalog.list(available, Optional.empty(), PAGE));
        time("list an instance's", () -> catalog.list(all.withInstance("vm-77"), Optional.empty(), PAGE));
        time("find the next expiry", () -> catalog.list(soonest, Optional.empty(), 1));
        time(
                "find " + EXPIRED + " that have expired",
                () -> require(catalog.list(due, Optional.empty(), 200), EXPIRED));
        TurnRequest turn = new TurnRequest(
                Set.of(Work.WAITS_TO_CAPTURE, Work.WAITS_TO_TRANSFER),
                Set.of("qemu:///system"),
                Set.of("s3://bucket/prefix"),
                TurnRequest.Whose.ANY,
                ConcurrencyLimits.none());
        time("take waiting work, none waiting", () -> catalog.takeTurn(turn, "benchmark", TTL));
        time("find what nobody finished", () -> catalog.unfinished(Owners.NONE, Optional.empty(), 200));
        time("create, with claim and token", this::create);
        CatalogRecord[] record = {created()};
        Lease lease = catalog.create(record[0], "benchmark", TTL);
        time("update", () -> record[0] = catalog.update(record[0], lease));
        time("renew a lease", () -> catalog.renew(lease, TTL));
    }

    private Lease create() {
        return catalog.create(created(), "benchmark", TTL);
    }

    private static CatalogRecord created() {
        Snapshot snapshot = sample(Instant.now(), SnapshotStatus.CAPTURING, 0);
        String unique = snapshot.id().value();
        return CatalogRecord.first(snapshot, Optional.of("instance:" + unique), Map.of("definition", "x".repeat(2000)))
                .withToken(Optional.of("token-" + unique));
    }

    private Optional<String> pageToken(SnapshotQuery query) {
        return catalog.list(query, Optional.empty(), 1).next();
    }

    private static Page<CatalogRecord> require(Page<CatalogRecord> page, int items) {
        if (page.items().size() != items) {
            throw new IllegalStateException(
                    "expected " + items + " items, got " + page.items().size());
        }
        return page;
    }

    private static void time(String what, Supplier<?> call) {
        long[] nanos = new long[CALLS];
        for (int i = -WARM_UP; i < CALLS; i++) {
            long begun = System.nanoTime();
            if (call.get() == null) {
                throw new IllegalStateException(what + " gave nothing");
            }
            if (i >= 0) {
                nanos[i] = System.nanoTime() - begun;
            }
        }
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT, "| %s | %.2f | %.2f |%n", what, nanos[CALLS / 2] / 1e6, nanos[CALLS * 99 / 100] / 1e6);
    }

    /**
     * Snapshots a second apart, the latest first; {@link #EXPIRED} of them have just expired, half of the others will, each in a second of
     * its own. The server makes them of one another, which is some hundred times faster than creating them.
     */
    private static void fill(String url, int snapshots) throws SQLException {
        Snapshot sample = sample(LATEST, SnapshotStatus.AVAILABLE, 30);
        String json = RecordJson.write(CatalogRecord.first(
                sample, Optional.empty(), Map.of("definition", "<domain>" + "x".repeat(600) + "</domain>")));
        String template = json.replace(sample.id().value(), "@ID@").replace("\"vm\"", "\"@VM@\"");
        try (Connection connection = DriverManager.getConnection(url);
                Statement plain = connection.createStatement()) {
            plain.execute("TRUNCATE stillframe_snapshot, stillframe_lease, stillframe_journal");
            try (PreparedStatement insert = connection.prepareStatement("""
                    INSERT INTO stillframe_snapshot (id, version, status, hypervisor, instance_id, instance_name, name,
                      requested_at, completed_at, expires_at, work, record)
                    SELECT 'snap-' || lpad(to_hex(n), 26, '0'), 1, 'AVAILABLE', 'qemu:///system', 'id-' || n % 20000,
                      'vm-' || n % 20000, 'nightly',
                      (? - n) * 1000000000, (? - n + 60) * 1000000000,
                      CASE WHEN n <= ? THEN ? * 1000000000 WHEN n % 2 = 0 THEN (? + n) * 1000000000 END, 'NONE',
                      replace(replace(?, '@ID@', 'snap-' || lpad(to_hex(n), 26, '0')), '@VM@', 'vm-' || n % 20000)
                    FROM generate_series(1, CAST(? AS BIGINT)) n""")) {
                long latest = LATEST.getEpochSecond();
                insert.setLong(1, latest);
                insert.setLong(2, latest);
                insert.setLong(3, EXPIRED);
                insert.setLong(4, latest);
                insert.setLong(5, latest + 86_400);
                insert.setString(6, template);
                insert.setLong(7, snapshots);
                insert.executeUpdate();
            }
            plain.execute("VACUUM ANALYZE stillframe_snapshot");
        }
    }

    private static Snapshot sample(Instant at, SnapshotStatus status, int days) {
        Digest digest = new Digest(Digest.CONTENT, "00".repeat(32));
        SnapshotId id = SnapshotId.create(at);
        boolean done = status == SnapshotStatus.AVAILABLE;
        return new Snapshot(
                id,
                "nightly",
                Tenant.ofDefault(),
                new InstanceSummary(new InstanceId("id"), "vm", "qemu:///system"),
                status,
                done ? Phase.DONE : Phase.REQUESTED,
                new Progress(20L << 30, 3L << 30, 1L << 30),
                at,
                done ? Optional.of(at.plusSeconds(60)) : Optional.empty(),
                Retention.ofDays(days),
                Optional.of(new CaptureReport(
                        CaptureMode.SHUTDOWN,
                        Consistency.GUEST_SHUTDOWN,
                        at.plusSeconds(10),
                        new Downtime(Duration.ofSeconds(4), Duration.ofMillis(90), Duration.ofMillis(300)),
                        1,
                        0,
                        List.of())),
                List.of(new DiskSnapshot(
                        "vda",
                        DiskRole.ROOT,
                        "qcow2",
                        20L << 30,
                        "qcow2",
                        Optional.of("snapshots/" + id + "/vda.qcow2"),
                        3L << 30,
                        1L << 30,
                        Optional.of(digest),
                        Optional.of(new Digest(Digest.STORED, "c0ffee00")),
                        Optional.empty(),
                        List.of())),
                List.of(new Replica(
                        "home",
                        "s3://bucket/prefix",
                        done ? Replica.State.COMPLETE : Replica.State.PENDING,
                        done ? Optional.of(at.plusSeconds(60)) : Optional.empty(),
                        Optional.empty())),
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                Placement.home(),
                Optional.empty());
    }

    private static long seconds(long nanos) {
        return Duration.ofNanos(nanos).toSeconds();
    }
}
