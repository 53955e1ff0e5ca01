package io.stillframe.spi.contract;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry.Stage;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leases, epochs and fencing. */
abstract class LeaseContract extends SnapshotCatalogFixture {
    @Test
    void createGrantsTheFirstLease() {
        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "me", TTL);
        assertThat(lease.resource()).isEqualTo(id(record).value());
        assertThat(lease.owner()).isEqualTo("me");
        assertThat(lease.epoch()).isPositive();
        assertThat(lease.expiresAt()).isEqualTo(START.plus(TTL));
        assertThat(another().acquire(lease.resource(), "other", TTL)).isEqualTo(new LeaseOutcome.Held(lease));
    }

    @Test
    void writesOfAnOlderEpochAreRefused() {
        CatalogRecord record = fresh(START);
        Lease old = catalog.create(record, "a", TTL);
        clock.step(TTL);
        Lease taken = granted(another(), old.resource(), "b");
        assertThat(taken.epoch()).isGreaterThan(old.epoch());

        failing(() -> catalog.update(record, old), Kind.FENCED);
        failing(() -> catalog.append(old, id(record), "s", Stage.INTENT, ""), Kind.FENCED);
        failing(() -> catalog.remove(id(record), old), Kind.FENCED);
        failing(() -> catalog.renew(old, TTL), Kind.FENCED);
        catalog.release(old);
        assertThat(stored(record)).isEqualTo(record);
        assertThat(catalog.journal(id(record))).isEmpty();
        assertThat(catalog.acquire(old.resource(), "c", TTL)).isEqualTo(new LeaseOutcome.Held(taken));
        catalog.update(record, taken);
    }

    @Test
    void aForgedOrForeignLeaseIsRefused() {
        CatalogRecord record = fresh(START);
        CatalogRecord other = fresh(START);
        Lease lease = catalog.create(record, "a", TTL);
        Lease foreign = catalog.create(other, "a", TTL);
        Lease future = new Lease(lease.resource(), "a", lease.epoch() + 1, lease.expiresAt());
        failing(() -> catalog.update(record, foreign), Kind.FENCED);
        failing(() -> catalog.append(foreign, id(record), "s", Stage.INTENT, ""), Kind.FENCED);
        failing(() -> catalog.remove(id(record), foreign), Kind.FENCED);
        failing(() -> catalog.update(record, future), Kind.FENCED);
        failing(() -> catalog.renew(future, TTL), Kind.FENCED);
    }

    @Test
    void anExpiredLeaseThatNobodyTookStillCounts() {
        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "a", TTL);
        clock.step(Duration.ofDays(3));
        catalog.update(record, lease);
        catalog.append(lease, id(record), "s", Stage.INTENT, "");
        Lease renewed = another().renew(lease, TTL);
        assertThat(renewed)
                .isEqualTo(new Lease(
                        lease.resource(), "a", lease.epoch(), clock.instant().plus(TTL)));
        assertThat(catalog.acquire(lease.resource(), "b", TTL)).isEqualTo(new LeaseOutcome.Held(renewed));
    }

    @Test
    void aLeaseHoldsUntilItsEndAndNotLonger() {
        Lease lease = granted(catalog, "sweep", "a");
        clock.step(TTL.minusNanos(1));
        assertThat(another().acquire("sweep", "b", TTL)).isEqualTo(new LeaseOutcome.Held(lease));
        clock.step(Duration.ofNanos(1));
        assertThat(granted(another(), "sweep", "b").epoch()).isGreaterThan(lease.epoch());
    }

    @Test
    void theSameOwnerIsGrantedAgainWithANewEpoch() {
        Lease first = granted(catalog, "sweep", "a");
        Lease second = granted(another(), "sweep", "a");
        assertThat(second.epoch()).isGreaterThan(first.epoch());
        failing(() -> catalog.renew(first, TTL), Kind.FENCED);
        catalog.renew(second, TTL);
    }

    @Test
    void renewWorksFromNowOn() {
        Lease lease = granted(catalog, "sweep", "a");
        clock.step(Duration.ofSeconds(10));
        Lease renewed = catalog.renew(lease, Duration.ofSeconds(20));
        assertThat(renewed.expiresAt()).isEqualTo(START.plusSeconds(30));
        assertThat(renewed.epoch()).isEqualTo(lease.epoch());
        clock.step(Duration.ofSeconds(19));
        assertThat(catalog.acquire("sweep", "b", TTL)).isEqualTo(new LeaseOutcome.Held(renewed));
    }

    @Test
    void epochsNeverGoBackAfterReleaseAndRemoval() {
        Lease first = granted(catalog, "sweep", "a");
        catalog.release(first);
        catalog.release(first);
        failing(() -> catalog.renew(first, TTL), Kind.FENCED);
        Lease second = granted(another(), "sweep", "b");
        assertThat(second.epoch()).isGreaterThan(first.epoch());

        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "a", TTL);
        catalog.remove(id(record), lease);
        Lease again = granted(another(), lease.resource(), "a");
        assertThat(again.epoch()).isGreaterThan(lease.epoch());
        failing(() -> catalog.renew(lease, TTL), Kind.FENCED);
    }

    @Test
    void aReleasedLeaseWritesNoMore() {
        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "a", TTL);
        catalog.release(lease);
        failing(() -> catalog.update(record, lease), Kind.FENCED);
        Lease next = granted(another(), lease.resource(), "b");
        assertThat(next.epoch()).isGreaterThan(lease.epoch());
        catalog.update(record, next);
    }

    @Test
    void aClockThatGoesBackTakesNoLeaseAway() {
        Lease lease = granted(catalog, "sweep", "a");
        clock.step(Duration.ofHours(-5));
        assertThat(catalog.acquire("sweep", "b", TTL)).isEqualTo(new LeaseOutcome.Held(lease));
        catalog.renew(lease, TTL);
    }

    @Test
    void concurrentAcquisitionHasOneWinner() {
        for (int round = 0; round < 5; round++) {
            String resource = "host/" + round;
            List<LeaseOutcome> outcomes = Crowd.together(6, i -> open(clock).acquire(resource, "node-" + i, TTL));
            List<Lease> granted = outcomes.stream()
                    .filter(LeaseOutcome.Granted.class::isInstance)
                    .map(outcome -> ((LeaseOutcome.Granted) outcome).lease())
                    .toList();
            assertThat(granted).hasSize(1);
            assertThat(outcomes)
                    .filteredOn(LeaseOutcome.Held.class::isInstance)
                    .hasSize(5)
                    .allMatch(outcome -> outcome.equals(new LeaseOutcome.Held(granted.get(0))));
        }
    }

    @Test
    void leasesOfOtherResourcesAreApart() {
        List<String> resources =
                List.of("a", "A", "ä", "a\u0308", "a/b", "a%2fb", "../x", "con", "x".repeat(1000), " b");
        List<Lease> leases = resources.stream()
                .map(resource -> granted(catalog, resource, "me"))
                .toList();
        for (Lease lease : leases) {
            assertThat(another().acquire(lease.resource(), "other", TTL)).isEqualTo(new LeaseOutcome.Held(lease));
        }
    }
}
