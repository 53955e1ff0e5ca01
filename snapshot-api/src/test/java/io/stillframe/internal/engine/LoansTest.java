package io.stillframe.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.Phase;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.contract.Samples;
import io.stillframe.store.MemoryObjectStore;
import io.stillframe.testing.PluginCalls;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class LoansTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final MemoryCatalog catalog = MemoryCatalog.create(Clock.systemUTC());
    private final SnapshotId base = available();

    @Test
    void whatIsAnnouncedStays() {
        assertThat(loans(catalog).announce(base, SnapshotId.create(NOW))).isTrue();

        assertThat(catalog.find(base).filter(Attributes::mayLend)).isPresent();
        assertThat(loans(catalog).announce(base, SnapshotId.create(NOW))).isTrue();
    }

    @Test
    void whatSomebodyWorksOnIsNotBuiltOn() {
        catalog.acquire(base.value(), "somebody", Duration.ofSeconds(30));

        assertThat(loans(catalog).announce(base, SnapshotId.create(NOW))).isFalse();
    }

    /** The second one took the first one's lease for its own, and the first snapshot failed as fenced. */
    @Test
    void twoOfOneServiceDoNotFenceEachOther() {
        AtomicBoolean interrupted = new AtomicBoolean();
        SnapshotCatalog between = new PluginCalls(Set.of(), call -> {
                    if (call.name().equals("update") && interrupted.compareAndSet(false, true)) {
                        loans(catalog).announce(base, SnapshotId.create(NOW));
                    }
                    return call.proceed();
                })
                .around(SnapshotCatalog.class, catalog);

        assertThat(loans(between).announce(base, SnapshotId.create(NOW))).isTrue();
        assertThat(interrupted).isTrue();
    }

    /** Found by the crash harness: who went on met the dead one's lease and stored the disk whole. */
    @Test
    void whoGoesOnAfterACrashDoesNotMeetTheDeadOnesLease() {
        SnapshotId younger = SnapshotId.create(NOW);
        SnapshotCatalog dying = new PluginCalls(Set.of(), call -> {
                    if (call.name().equals("update") || call.name().equals("release")) {
                        throw new IllegalStateException("killed");
                    }
                    return call.proceed();
                })
                .around(SnapshotCatalog.class, catalog);
        assertThatIllegalStateException()
                .isThrownBy(() -> loans(dying, "a dead service").announce(base, younger));

        assertThat(loans(catalog).announce(base, SnapshotId.create(NOW))).isFalse();
        assertThat(loans(catalog).announce(base, younger)).isTrue();
    }

    /** A service that was held up, and whose snapshot another one works on by now. */
    @Test
    void whoWasReplacedDoesNotAnnounce() {
        SnapshotId younger = SnapshotId.create(NOW);
        SnapshotCatalog slow = new PluginCalls(Set.of(), call -> {
                    if (call.name().equals("update")) {
                        catalog.release(granted(younger));
                    }
                    return call.proceed();
                })
                .around(SnapshotCatalog.class, catalog);

        assertThat(loans(slow).announce(base, younger)).isFalse();
        assertThat(catalog.find(base).filter(Attributes::mayLend)).isEmpty();
    }

    /** By another service, after this one was held up for longer than its lease. */
    @Test
    void aBaseThatWasRemovedMeanwhileIsNotBuiltOn() {
        SnapshotId younger = SnapshotId.create(NOW);
        SnapshotCatalog slow = new PluginCalls(Set.of(), call -> {
                    if (call.name().equals("update")) {
                        catalog.remove(base, granted(younger));
                    }
                    return call.proceed();
                })
                .around(SnapshotCatalog.class, catalog);

        assertThat(loans(slow).announce(base, younger)).isFalse();
    }

    /** The lender's own record may name nothing any more of what is left of it. */
    @Test
    void whereARecordCannotBeReadAllThatIsLeftIsNeeded() {
        MemoryObjectStore store = MemoryObjectStore.create();
        ObjectKey disk = ObjectKey.of(StoredLayout.prefix(base) + "vda.pack");
        for (ObjectKey key : List.of(disk, StoredLayout.removed(base))) {
            store.put(key, ByteBuffer.allocate(1), PublishMode.CREATE_IF_ABSENT, UploadOptions.ofDefaults());
        }
        assertThat(loans(catalog).announce(base, SnapshotId.create(NOW))).isTrue();
        CatalogRecord lender = catalog.find(base).orElseThrow();
        Region region = new Region("eu", Optional.empty(), store);
        assertThat(loans(catalog).of(lender, region)).isEmpty();
        SnapshotCatalog unread = new PluginCalls(
                        Set.of(),
                        call -> call.name().equals("unreadable") ? List.of(SnapshotId.create(NOW)) : call.proceed())
                .around(SnapshotCatalog.class, catalog);

        assertThat(loans(unread).of(lender, region)).containsExactly(disk);
    }

    private Lease granted(SnapshotId younger) {
        LeaseOutcome outcome = catalog.acquire(base.value(), "the maker of " + younger, Duration.ofSeconds(30));
        return ((LeaseOutcome.Granted) outcome).lease();
    }

    private SnapshotId available() {
        Snapshot snapshot = Samples.requested(NOW).toBuilder()
                .status(SnapshotStatus.AVAILABLE)
                .phase(Phase.DONE)
                .completedAt(NOW)
                .build();
        CatalogRecord record = CatalogRecord.first(snapshot, Optional.empty(), Map.of());
        catalog.release(catalog.create(record, "creator", Duration.ofSeconds(30)));
        return snapshot.id();
    }

    private static Loans loans(SnapshotCatalog catalog) {
        return loans(catalog, "one service");
    }

    private static Loans loans(SnapshotCatalog catalog, String service) {
        return new Loans(new Installation(
                Map.of(), List.of(), catalog, ServiceSettings.ofDefaults(), Clock.systemUTC(), service));
    }
}
