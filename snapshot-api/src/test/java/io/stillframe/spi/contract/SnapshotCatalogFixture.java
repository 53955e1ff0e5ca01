package io.stillframe.spi.contract;

import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.SnapshotCatalog;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What the tests of catalogs share: the catalog of the test and ways to fill and look at it. */
abstract class SnapshotCatalogFixture {
    static final Instant START = Instant.parse("2026-03-01T10:00:00Z");
    static final Duration TTL = Duration.ofSeconds(15);

    final SteppableClock clock = SteppableClock.at(START);
    private final List<SnapshotCatalog> opened = new ArrayList<>();
    SnapshotCatalog catalog;

    /**
     * Opens the catalog of this test, empty at the test's start: every call opens the same content, as another object where the
     * implementation has several.
     *
     * @param clock by which its leases expire
     * @return closed by this kit
     */
    protected abstract SnapshotCatalog open(Clock clock);

    @BeforeEach
    final void openOne() {
        catalog = another();
    }

    @AfterEach
    final void closeAll() {
        opened.forEach(SnapshotCatalog::close);
        opened.forEach(SnapshotCatalog::close);
    }

    final SnapshotCatalog another() {
        SnapshotCatalog one = open(clock);
        opened.add(one);
        return one;
    }

    static CatalogRecord fresh(Instant at, String... claim) {
        Optional<String> only = claim.length == 0 ? Optional.empty() : Optional.of(claim[0]);
        return CatalogRecord.first(Samples.requested(at), only, Map.of("request", "{}"));
    }

    static SnapshotId id(CatalogRecord record) {
        return record.snapshot().id();
    }

    final CatalogRecord stored(CatalogRecord record) {
        return another().find(id(record)).orElseThrow();
    }

    final Lease granted(SnapshotCatalog from, String resource, String owner) {
        return ((LeaseOutcome.Granted) from.acquire(resource, owner, TTL)).lease();
    }
}
