package io.stillframe.spi.contract;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.InstanceId;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotQuery.Order;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import io.stillframe.model.TimeRange;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.Page;
import io.stillframe.spi.SnapshotCatalog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Queries, expiries and idempotency tokens. */
abstract class ListingContract extends LeaseContract {
    private static final String HOST = "qemu:///system";

    /** Every query over a mixed population gives what filtering and sorting all of it gives. */
    @Test
    void queriesFilterSortAndPage() {
        Random random = new Random(20260301);
        List<Snapshot> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Snapshot snapshot = mixed(random);
            catalog.create(CatalogRecord.first(snapshot, Optional.empty(), Map.of()), "me", TTL);
            all.add(snapshot);
        }
        Instant middle = START.plusSeconds(5);
        List<SnapshotQuery> queries = List.of(
                SnapshotQuery.all().inOrder(Order.OLDEST_FIRST),
                SnapshotQuery.all().inOrder(Order.SOONEST_EXPIRY),
                SnapshotQuery.all().withStatus(SnapshotStatus.AVAILABLE),
                SnapshotQuery.all().withStatus(SnapshotStatus.AVAILABLE, SnapshotStatus.FAILED),
                SnapshotQuery.all().withStatus(SnapshotStatus.AVAILABLE).inOrder(Order.SOONEST_EXPIRY),
                SnapshotQuery.all().withInstance("vm-1").inOrder(Order.OLDEST_FIRST),
                SnapshotQuery.all().withInstance("id-of-vm-ae"),
                SnapshotQuery.all().withInstance("vm-ä"),
                SnapshotQuery.all().withInstance("nobody"),
                SnapshotQuery.all().withName("a \"name\" \uD83D\uDCBE"),
                SnapshotQuery.all().withHypervisor(HOST),
                SnapshotQuery.all().withTenant(new Tenant("other")),
                SnapshotQuery.all().withTenant(Tenant.ofDefault()).withStatus(SnapshotStatus.AVAILABLE),
                SnapshotQuery.all().withRequested(TimeRange.since(middle)),
                SnapshotQuery.all().withRequested(TimeRange.between(middle, middle.plusSeconds(2))),
                SnapshotQuery.all().withCompleted(TimeRange.before(middle.plusSeconds(60))),
                SnapshotQuery.all()
                        .withExpires(TimeRange.before(START.plus(Duration.ofDays(2))))
                        .inOrder(Order.SOONEST_EXPIRY));
        for (SnapshotQuery query : queries) {
            List<Snapshot> expected = all.stream()
                    .filter(query::matches)
                    .sorted(Comparator.comparing(
                                    (Snapshot s) -> query.orderKey(s).orElseThrow(), query.keyOrder())
                            .thenComparing(Snapshot::id))
                    .toList();
            for (int limit : new int[] {1, 3, 1000}) {
                assertThat(walk(another(), query, limit))
                        .as("%s in pages of %s", query, limit)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void aPageTokenIsForItsOwnOrder() {
        catalog.create(fresh(START), "me", TTL);
        catalog.create(fresh(START), "me", TTL);
        Optional<String> next =
                catalog.list(SnapshotQuery.all(), Optional.empty(), 1).next();
        assertThat(next).isPresent();
        failing(() -> catalog.list(SnapshotQuery.all().inOrder(Order.OLDEST_FIRST), next, 1), Kind.INVALID);
        failing(() -> catalog.list(SnapshotQuery.all(), Optional.of("NEWEST_FIRST/now/x"), 1), Kind.INVALID);
    }

    /** What was changed by another object is found by what it is now, not by what it was. */
    @Test
    void queriesSeeEveryChangeAtOnce() {
        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "me", TTL);
        SnapshotCatalog reader = another();
        SnapshotQuery available = SnapshotQuery.all().withStatus(SnapshotStatus.AVAILABLE);
        SnapshotQuery expiring = available.inOrder(Order.SOONEST_EXPIRY);
        assertThat(walk(reader, available, 10)).isEmpty();
        CatalogRecord done = catalog.update(
                record.with(record.snapshot().toBuilder()
                        .status(SnapshotStatus.AVAILABLE)
                        .retention(Retention.ofDays(1))
                        .completedAt(START)
                        .build()),
                lease);
        assertThat(walk(reader, available, 10)).containsExactly(done.snapshot());
        assertThat(walk(reader, expiring, 10)).containsExactly(done.snapshot());

        CatalogRecord held = catalog.update(
                done.with(done.snapshot().toBuilder()
                        .retention(Retention.ofDays(1).withLegalHold("case 4711"))
                        .build()),
                lease);
        assertThat(walk(reader, expiring, 10)).as("under legal hold").isEmpty();
        assertThat(reader.find(id(record))).contains(held);
        catalog.remove(id(record), lease);
        assertThat(walk(reader, available, 10)).isEmpty();
    }

    @Test
    void aTokenFindsItsRecordAndIsTakenOnce() {
        CatalogRecord record = fresh(START).withToken(Optional.of("order-4711"));
        String token = record.token().orElseThrow();
        assertThat(catalog.findByToken(token)).isEmpty();
        Lease lease = catalog.create(record, "me", TTL);
        assertThat(another().findByToken(token)).contains(record);
        CatalogRecord second = fresh(START).withToken(record.token());
        assertThat(failing(() -> another().create(second, "me", TTL), Kind.CONFLICT))
                .hasMessageContaining(id(record).value());
        assertThat(catalog.find(id(second))).isEmpty();
        assertThat(catalog.findByToken(token.toUpperCase(Locale.ROOT))).isEmpty();

        failing(() -> catalog.update(record.withToken(Optional.empty()), lease), Kind.INVALID);
        CatalogRecord next = catalog.update(record, lease);
        assertThat(next.token()).contains(token);
        catalog.remove(id(record), lease);
        assertThat(another().findByToken(token)).isEmpty();
        catalog.create(second, "me", TTL);
        assertThat(another().findByToken(token)).contains(second);
    }

    @Test
    void concurrentCreationsWithOneTokenHaveOneWinner() {
        for (int round = 0; round < 5; round++) {
            Optional<String> token = Optional.of("token-" + round);
            List<Boolean> won = Crowd.together(6, i -> {
                try {
                    open(clock).create(fresh(START).withToken(token), "node-" + i, TTL);
                    return true;
                } catch (SnapshotException e) {
                    assertThat(e.kind()).isEqualTo(Kind.CONFLICT);
                    return false;
                }
            });
            assertThat(won).containsOnlyOnce(true);
            assertThat(catalog.findByToken(token.orElseThrow())).isPresent();
        }
    }

    private static Snapshot mixed(Random random) {
        String[] instances = {"vm-1", "vm-2", "vm-ä"};
        String[] names = {"nightly", "a \"name\" \uD83D\uDCBE"};
        String instance = instances[random.nextInt(instances.length)];
        Instant at = START.plusSeconds(random.nextInt(10)).plusNanos(random.nextInt(2));
        InstanceId instanceId = new InstanceId("id-of-" + instance.replace("ä", "ae"));
        Snapshot snapshot = Samples.of(
                new InstanceSummary(instanceId, instance, random.nextBoolean() ? HOST : "images:///x"),
                names[random.nextInt(names.length)],
                Samples.requested(at));
        SnapshotStatus status = SnapshotStatus.values()[random.nextInt(3)];
        Snapshot.Builder builder = snapshot.toBuilder().status(status);
        if (status == SnapshotStatus.AVAILABLE) {
            Retention retention = Retention.ofDays(random.nextInt(3));
            builder.completedAt(at.plusSeconds(random.nextInt(120)))
                    .retention(random.nextInt(4) == 0 ? retention.withLegalHold("case") : retention);
        }
        Snapshot built = builder.build();
        return random.nextInt(3) == 0 ? Samples.of(new Tenant("other"), built) : built;
    }

    private static List<Snapshot> walk(SnapshotCatalog from, SnapshotQuery query, int limit) {
        List<Snapshot> found = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            Page<CatalogRecord> page = from.list(query, after, limit);
            assertThat(page.items()).hasSizeLessThanOrEqualTo(limit);
            page.items().forEach(record -> found.add(record.snapshot()));
            after = page.next();
        } while (after.isPresent());
        return found;
    }
}
