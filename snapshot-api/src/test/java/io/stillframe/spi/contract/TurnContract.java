package io.stillframe.spi.contract;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.ConcurrencyLimits;
import io.stillframe.model.InstanceId;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Obligation;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.Page;
import io.stillframe.spi.RunningWork;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.SnapshotCatalog.Owners;
import io.stillframe.spi.TakenRecord;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.TurnRequest.Whose;
import io.stillframe.spi.Work;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The handing out of waiting work: in turn, within limits, fair between tenants; and what is unfinished. */
abstract class TurnContract extends ListingContract {
    private static final String HOST = "qemu:///system";
    private static final String STORE = "s3://bucket/prefix";
    private static final ConcurrencyLimits NO_LIMITS = ConcurrencyLimits.none();
    private static final Set<Work> BOTH = Set.of(Work.WAITS_TO_CAPTURE, Work.WAITS_TO_TRANSFER);

    @Test
    void waitingWorkIsTakenOldestFirstWhereNobodyHasIt() {
        CatalogRecord younger = transfer(START.plusSeconds(2), "a");
        CatalogRecord oldest = transfer(START, "a");
        CatalogRecord owned = transfer(START.minusSeconds(5), "a");
        CatalogRecord begun = transfer(START.minusSeconds(7), "a").withWork(Work.TRANSFER);
        List.of(younger, oldest, begun).forEach(this::waiting);
        waiting(waits(Work.WAITS_TO_TRANSFER, START.minusSeconds(9), "a", "other:///", STORE));
        waiting(waits(Work.WAITS_TO_TRANSFER, START.minusSeconds(9), "a", HOST, "s3://another"));
        waiting(waits(Work.WAITS_TO_CAPTURE, START.minusSeconds(9), "a", HOST, STORE));
        Lease alive = catalog.create(owned, "creator", TTL);

        TakenRecord first = take(another(), "one").orElseThrow();
        assertThat(first.record()).isEqualTo(oldest.begun());
        assertThat(first.record().work()).isEqualTo(Work.TRANSFER);
        assertThat(stored(oldest)).isEqualTo(first.record());
        assertThat(first.lease().owner()).isEqualTo("one");
        assertThat(catalog.acquire(id(oldest).value(), "two", TTL)).isEqualTo(new LeaseOutcome.Held(first.lease()));
        catalog.update(first.record(), first.lease());
        assertThat(take(catalog, "two").orElseThrow().record()).isEqualTo(younger.begun());
        assertThat(take(catalog, "two")).isEmpty();

        clock.step(TTL);
        TakenRecord orphan = take(another(), "two").orElseThrow();
        assertThat(orphan.record()).isEqualTo(owned.begun());
        assertThat(orphan.lease().epoch()).isGreaterThan(alive.epoch());
        failing(() -> catalog.update(owned, alive), Kind.FENCED);
    }

    @Test
    void turnsAreAskedForSensibly() {
        waiting(transfer(START, "a"));
        failing(() -> catalog.takeTurn(request(BOTH, Whose.ANY, NO_LIMITS), "me", Duration.ZERO), Kind.INVALID);
        failing(() -> catalog.takeTurn(request(Set.of(Work.TRANSFER), Whose.ANY, NO_LIMITS), "me", TTL), Kind.INVALID);
        TurnRequest nowhere = new TurnRequest(BOTH, Set.of(), Set.of(STORE), Whose.ANY, NO_LIMITS);
        assertThat(catalog.takeTurn(nowhere, "me", TTL)).isEmpty();
        TurnRequest storeless = new TurnRequest(BOTH, Set.of(HOST), Set.of(), Whose.ANY, NO_LIMITS);
        assertThat(catalog.takeTurn(storeless, "me", TTL)).isEmpty();
        assertThat(catalog.takeTurn(request(Set.of(), Whose.ANY, NO_LIMITS), "me", TTL))
                .isEmpty();
    }

    /** Whoever waits with the lease in hand keeps it, so that what was begun under it stays valid. */
    @Test
    void ownWorkKeepsItsLease() {
        CatalogRecord mine = transfer(START, "a");
        Lease lease = catalog.create(mine, "me", TTL);
        catalog.create(transfer(START.minusSeconds(1), "a"), "somebody else", TTL);
        waiting(transfer(START.minusSeconds(2), "a"));
        clock.step(Duration.ofSeconds(5));

        TurnRequest own = request(BOTH, Whose.OWN, NO_LIMITS);
        TakenRecord taken = another().takeTurn(own, "me", TTL).orElseThrow();
        assertThat(taken.record()).isEqualTo(mine.begun());
        assertThat(taken.lease().epoch()).isEqualTo(lease.epoch());
        assertThat(taken.lease().expiresAt()).isEqualTo(clock.instant().plus(TTL));
        catalog.update(taken.record(), lease);
        assertThat(catalog.takeTurn(own, "me", TTL)).isEmpty();
    }

    /** Its owner was held up and is about to renew it: with another lease in its place it would take itself for dead. */
    @Test
    void ownWorkKeepsALeaseThatRanOut() {
        CatalogRecord mine = transfer(START, "a");
        Lease lease = catalog.create(mine, "me", TTL);
        clock.step(TTL.plusSeconds(1));

        TakenRecord taken = another()
                .takeTurn(request(BOTH, Whose.OWN, NO_LIMITS), "me", TTL)
                .orElseThrow();

        assertThat(taken.lease().epoch()).isEqualTo(lease.epoch());
        assertThat(catalog.renew(lease, TTL).epoch()).isEqualTo(lease.epoch());
        assertThat(catalog.takeTurn(request(BOTH, Whose.ANY, NO_LIMITS), "other", TTL))
                .isEmpty();
    }

    @Test
    void capturesComeBeforeTransfers() {
        waiting(transfer(START, "a"));
        CatalogRecord capture = capture(START.plusSeconds(5), "a");
        waiting(capture);
        assertThat(take(catalog, "me").orElseThrow().record()).isEqualTo(capture.begun());
        assertThat(take(catalog, "me").orElseThrow().record().work()).isEqualTo(Work.TRANSFER);
    }

    /** A tenant with much that waits, all of it asked for first, does not keep the others waiting. */
    @Test
    void tenantsAreServedInTurn() {
        for (int i = 0; i < 12; i++) {
            waiting(transfer(START.plusSeconds(i), "large"));
        }
        for (int i = 0; i < 2; i++) {
            waiting(transfer(START.plusSeconds(100 + i), "small"));
            waiting(transfer(START.plusSeconds(200 + i), "tiny"));
        }
        ConcurrencyLimits one = NO_LIMITS.withTransfers(1);
        List<String> served = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            TakenRecord taken = another()
                    .takeTurn(request(BOTH, Whose.ANY, one), "node-" + i % 2, TTL)
                    .orElseThrow();
            served.add(taken.record().snapshot().tenant().name());
            finish(taken);
        }
        assertThat(served).containsExactly("large", "small", "tiny", "large", "small", "tiny", "large");
    }

    @Test
    void theTenantWithTheLeastRunningIsServedFirst() {
        for (int i = 0; i < 8; i++) {
            waiting(transfer(START.plusSeconds(i), "large"));
        }
        assertThat(tenants(4)).containsOnly("large");
        for (int i = 0; i < 3; i++) {
            waiting(transfer(START.plusSeconds(100 + i), "small"));
        }
        assertThat(tenants(4)).as("three to catch up").containsExactly("small", "small", "small", "large");
    }

    @Test
    void limitsCountWhatAllHaveBegun() {
        for (int i = 0; i < 6; i++) {
            waiting(waits(Work.WAITS_TO_TRANSFER, START.plusSeconds(i), "a", "host-" + i % 2, "store-" + i % 3));
            waiting(waits(Work.WAITS_TO_CAPTURE, START.plusSeconds(i), "a", "host-" + i % 2, "store-" + i % 3));
        }
        assertThat(drained(Work.WAITS_TO_TRANSFER, NO_LIMITS.withTransfers(2))).hasSize(2);
        assertThat(drained(Work.WAITS_TO_TRANSFER, NO_LIMITS.withTransfers(2))).isEmpty();
        assertThat(another().running()).extracting(RunningWork::host).containsExactlyInAnyOrder("host-0", "host-1");
        assertThat(drained(Work.WAITS_TO_TRANSFER, NO_LIMITS.withTransfersPerHost(2)))
                .extracting(RunningWork::host)
                .containsExactlyInAnyOrder("host-0", "host-1");
        assertThat(drained(Work.WAITS_TO_TRANSFER, NO_LIMITS.withTransfersPerStore(2)))
                .as("stores 0 and 1 have two each by now, or one")
                .hasSize(2);
        assertThat(drained(
                        Work.WAITS_TO_CAPTURE, NO_LIMITS.withCapturesPerHost(2).withTransfers(1)))
                .extracting(RunningWork::host)
                .containsExactlyInAnyOrder("host-0", "host-0", "host-1", "host-1");
        assertThat(drained(Work.WAITS_TO_CAPTURE, NO_LIMITS.withCaptures(5))).hasSize(1);

        clock.step(TTL);
        assertThat(catalog.running()).as("leases have expired").isEmpty();
        assertThat(drained(Work.WAITS_TO_CAPTURE, NO_LIMITS.withCaptures(5))).hasSize(1);
    }

    @Test
    void concurrentTakersKeepToTheLimits() {
        for (int i = 0; i < 12; i++) {
            waiting(transfer(START.plusSeconds(i), "tenant-" + i % 3));
        }
        ConcurrencyLimits limits = NO_LIMITS.withTransfersPerStore(5);
        List<Long> taken = Crowd.together(4, i -> {
            SnapshotCatalog mine = open(clock);
            long count = 0;
            while (mine.takeTurn(request(BOTH, Whose.ANY, limits), "node-" + i, TTL)
                    .isPresent()) {
                count++;
            }
            mine.close();
            return count;
        });
        assertThat(taken.stream().mapToLong(Long::longValue).sum()).isEqualTo(5);
        assertThat(catalog.running()).hasSize(5);
    }

    @Test
    void concurrentTakersGetDifferentWork() {
        Set<SnapshotId> waiting = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            CatalogRecord record = transfer(START.plusMillis(i), "a");
            waiting(record);
            waiting.add(id(record));
        }
        List<List<SnapshotId>> taken = Crowd.together(4, i -> {
            SnapshotCatalog mine = open(clock);
            List<SnapshotId> own = new ArrayList<>();
            for (Optional<TakenRecord> next = take(mine, "node-" + i);
                    next.isPresent();
                    next = take(mine, "node-" + i)) {
                own.add(id(next.get().record()));
            }
            mine.close();
            return own;
        });
        List<SnapshotId> all = taken.stream().flatMap(List::stream).toList();
        assertThat(all).doesNotHaveDuplicates().hasSize(20);
        assertThat(waiting).containsAll(all);
    }

    @Test
    void whatIsUnfinishedIsListedUntilItIsAtRest() {
        List<CatalogRecord> open = new ArrayList<>();
        for (Work work : Work.values()) {
            CatalogRecord record = transfer(START, "a").withWork(work);
            waiting(record);
            if (work != Work.NONE) {
                open.add(record);
            }
        }
        CatalogRecord owned = transfer(START.plusSeconds(1), "a").withWork(Work.DUTIES);
        Lease lease = catalog.create(owned, "me", TTL);
        assertThat(unfinished(another(), Owners.NONE, 2)).containsExactlyInAnyOrderElementsOf(open);
        open.add(owned);
        assertThat(unfinished(catalog, Owners.ANY, 2)).containsExactlyInAnyOrderElementsOf(open);
        assertThat(unfinished(catalog, Owners.ANY, 1000)).isSortedAccordingTo((a, b) -> id(a).compareTo(id(b)));

        catalog.update(owned.withWork(Work.NONE), lease);
        assertThat(unfinished(another(), Owners.ANY, 100)).doesNotContain(owned).hasSize(5);
        CatalogRecord again = catalog.update(stored(owned).withWork(Work.DUTIES), lease);
        assertThat(unfinished(another(), Owners.ANY, 100)).contains(again).hasSize(6);
        catalog.remove(id(owned), lease);
        assertThat(unfinished(another(), Owners.ANY, 100)).hasSize(5);
        failing(() -> catalog.unfinished(Owners.ANY, Optional.empty(), 0), Kind.INVALID);
        failing(() -> catalog.unfinished(Owners.ANY, Optional.of("no token"), 1), Kind.INVALID);
    }

    @Test
    void workFollowsFromTheStatusUnlessItIsSaid() {
        Snapshot requested = Samples.requested(START);
        Snapshot available =
                requested.toBuilder().status(SnapshotStatus.AVAILABLE).build();
        assertThat(Work.of(requested)).isEqualTo(Work.CAPTURE);
        assertThat(Work.of(available)).isEqualTo(Work.NONE);
        assertThat(Work.of(available.toBuilder().owes(Obligation.RELEASE).build()))
                .isEqualTo(Work.DUTIES);
    }

    private List<String> tenants(int count) {
        List<String> served = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            TakenRecord taken = take(another(), "node").orElseThrow();
            served.add(taken.record().snapshot().tenant().name());
        }
        return served;
    }

    private List<RunningWork> drained(Work work, ConcurrencyLimits limits) {
        Set<String> hosts = Set.of("host-0", "host-1");
        Set<String> stores = Set.of("store-0", "store-1", "store-2");
        TurnRequest request = new TurnRequest(Set.of(work), hosts, stores, Whose.ANY, limits);
        List<RunningWork> taken = new ArrayList<>();
        for (Optional<TakenRecord> next = catalog.takeTurn(request, "me", TTL);
                next.isPresent();
                next = catalog.takeTurn(request, "me", TTL)) {
            taken.add(RunningWork.of(
                    next.get().record().work(), next.get().record().snapshot()));
        }
        return taken;
    }

    private void finish(TakenRecord taken) {
        catalog.update(taken.record().withWork(Work.NONE), taken.lease());
        catalog.release(taken.lease());
    }

    private void waiting(CatalogRecord record) {
        catalog.release(catalog.create(record, "creator", TTL));
    }

    private static Optional<TakenRecord> take(SnapshotCatalog from, String owner) {
        Set<Work> kinds = owner.equals("me") ? BOTH : Set.of(Work.WAITS_TO_TRANSFER);
        return from.takeTurn(request(kinds, Whose.ANY, NO_LIMITS), owner, TTL);
    }

    private static TurnRequest request(Set<Work> work, Whose whose, ConcurrencyLimits limits) {
        return new TurnRequest(work, Set.of(HOST), Set.of(STORE), whose, limits);
    }

    private static CatalogRecord transfer(Instant at, String tenant) {
        return waits(Work.WAITS_TO_TRANSFER, at, tenant, HOST, STORE);
    }

    private static CatalogRecord capture(Instant at, String tenant) {
        return waits(Work.WAITS_TO_CAPTURE, at, tenant, HOST, STORE);
    }

    private static CatalogRecord waits(Work work, Instant at, String tenant, String host, String store) {
        SnapshotStatus status = work == Work.WAITS_TO_CAPTURE ? SnapshotStatus.CAPTURING : SnapshotStatus.QUEUED;
        Snapshot snapshot = Samples.of(new Tenant(tenant), Samples.requested(at)).toBuilder()
                .instance(new InstanceSummary(new InstanceId("web"), "web", host))
                .replicas(List.of(Replica.pending("home", store)))
                .status(status)
                .build();
        return CatalogRecord.first(snapshot, Optional.empty(), Map.of()).withWork(work);
    }

    private static List<CatalogRecord> unfinished(SnapshotCatalog from, Owners owners, int limit) {
        List<CatalogRecord> found = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            Page<CatalogRecord> page = from.unfinished(owners, after, limit);
            assertThat(page.items()).hasSizeLessThanOrEqualTo(limit);
            found.addAll(page.items());
            after = page.next();
        } while (after.isPresent());
        return found;
    }
}
