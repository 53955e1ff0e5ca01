package io.stillframe.engine;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.RebuildReport;
import io.stillframe.model.RebuildReport.Outcome;
import io.stillframe.model.Retention;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.contract.Crowd;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Snapshots go when their time has come, not before, and not while a hold stands; requests may be repeated; catalogs rebuilt. */
class RetentionTest {
    private static final ServiceSettings TIMER =
            Lab.settings().expiry(ServiceSettings.Expiry.TIMER).build();

    @Test
    void aTimerRemovesWhatExpiredAndOnlyThat() {
        try (Lab lab = Lab.running()) {
            SnapshotService maker = lab.service();
            Snapshot day = take(lab, maker, 1);
            Snapshot week = take(lab, maker, 7);
            lab.clock.step(Duration.ofDays(1).minusNanos(1));
            SnapshotService timed = lab.service(TIMER);
            SnapshotService other = lab.service(TIMER);
            // A look at everything that has not changed since: nothing is removed a nanosecond early.
            timed.changeRetention(week.id(), Retention.ofDays(7));
            assertThat(timed.get(day.id()).status()).isEqualTo(SnapshotStatus.AVAILABLE);

            lab.clock.step(Duration.ofNanos(1));
            // CONFLICT if a timer is already removing it.
            failing(() -> maker.openDisk(day.id(), "vda"), Kind.NOT_FOUND, Kind.CONFLICT);
            timed.changeRetention(week.id(), Retention.ofDays(8));
            other.changeRetention(week.id(), Retention.ofDays(9));
            await().until(() -> lab.catalog.find(day.id()).isEmpty());
            assertThat(timed.get(week.id()).retention()).isEqualTo(Retention.ofDays(9));
            lab.awaitNothingLeft(week.id());
        }
    }

    /** On the system's clock: the timer itself wakes at the instant, also in a service that was started after the completion. */
    @Test
    void aTimerWakesAtTheExpiryItself() {
        try (Lab lab = Lab.running()) {
            SnapshotService maker = lab.service();
            Snapshot snapshot = take(lab, maker, 1);
            Instant expiry = snapshot.expiresAt().orElseThrow();
            Duration early =
                    Duration.between(Clock.systemUTC().instant(), expiry).minusSeconds(3);
            SnapshotService timed = SnapshotService.builder()
                    .hypervisor(lab.host)
                    .store(lab.store)
                    .catalog(lab.catalog)
                    .settings(TIMER)
                    .clock(Clock.offset(Clock.systemUTC(), early))
                    .build();
            try (timed) {
                assertThat(timed.get(snapshot.id()).status()).isEqualTo(SnapshotStatus.AVAILABLE);
                await().pollInterval(Duration.ofMillis(5))
                        .until(() -> lab.catalog.find(snapshot.id()).isEmpty());
            }
        }
    }

    @Test
    void aRemovalThatFailedIsGoneOnWith() {
        try (Lab lab = Lab.running()) {
            SnapshotService maker = lab.service();
            Snapshot day = take(lab, maker, 1);
            lab.clock.step(Duration.ofDays(1));
            lab.store.failAlways(Operation.DELETE, Kind.TRANSIENT);
            SnapshotService timed = lab.service(TIMER);
            await().until(() ->
                    lab.catalog.find(day.id()).orElseThrow().snapshot().status() == SnapshotStatus.DELETING);
            lab.store.heal();
            await().atMost(Lab.LONG).until(() -> lab.catalog.find(day.id()).isEmpty());
            assertThat(timed.list(Optional.empty(), 10).items()).isEmpty();
            lab.awaitNothingLeft();
        }
    }

    @Test
    void aLegalHoldOverridesExpiryAndDeletion() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service(TIMER);
            Snapshot snapshot = take(lab, service, 1);
            service.changeRetention(snapshot.id(), snapshot.retention().withLegalHold("case 4711"));
            lab.clock.step(Duration.ofDays(400));
            assertThat(service.sweep(SweepMode.REMOVE, new Cancellation()).items())
                    .isEmpty();
            assertThat(service.get(snapshot.id()).status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(failing(() -> service.delete(snapshot.id()), Kind.CONFLICT))
                    .hasMessageContaining("case 4711");
            service.openDisk(snapshot.id(), "vda").close();

            service.changeRetention(snapshot.id(), Retention.ofDays(1));
            await().until(() -> lab.catalog.find(snapshot.id()).isEmpty());
        }
    }

    @Test
    void anExpiredSnapshotIsNotBroughtBack() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = take(lab, service, 1);
            lab.clock.step(Duration.ofDays(1));
            failing(() -> service.changeRetention(snapshot.id(), Retention.forEver()), Kind.CONFLICT);
            failing(
                    () -> service.changeRetention(SnapshotId.create(lab.clock.instant()), Retention.forEver()),
                    Kind.NOT_FOUND);
        }
    }

    @Test
    void retentionIsChangedWhileTheSnapshotIsBeingMade() {
        try (Lab lab = Lab.running()) {
            var gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service();
            Snapshot created = service.create(Lab.request().withRetentionDays(1));
            service.await(created.id(), SnapshotService.captured(), Lab.LONG);
            service.changeRetention(created.id(), Retention.ofDays(30));
            gate.open();
            Snapshot available = lab.settled(service, created);
            assertThat(available.retention()).isEqualTo(Retention.ofDays(30));
        }
    }

    @Test
    void oneTokenMakesOneSnapshotWhoeverIsAsked() {
        try (Lab lab = Lab.running()) {
            List<SnapshotService> nodes = List.of(lab.service(), lab.service(), lab.service(), lab.service());
            SnapshotRequest request = Lab.request().withToken("order-1");
            List<SnapshotId> ids =
                    Crowd.together(4, i -> nodes.get(i).create(request).id());
            assertThat(new HashSet<>(ids)).hasSize(1);
            assertThat(failing(() -> nodes.get(0).create(request.withRetentionDays(3)), Kind.CONFLICT))
                    .hasMessageContaining(ids.get(0).value());
            Snapshot settled = nodes.get(1).await(ids.get(0), SnapshotService.settled(), Lab.LONG);
            assertThat(settled.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(nodes.get(2).create(request)).isEqualTo(settled);
            assertThat(lab.guest.bootCount()).isEqualTo(2);
            nodes.get(3).delete(settled.id());
            assertThat(nodes.get(0).create(request).id()).isNotEqualTo(settled.id());
        }
    }

    @Test
    void queuedWorkIsTakenByAnyNodeOnce() {
        try (Lab lab = Lab.running()) {
            SnapshotService maker = lab.service(Lab.settings()
                    .afterCapture(ServiceSettings.AfterCapture.HAND_OVER)
                    .build());
            Snapshot created = maker.create(Lab.request());
            maker.await(created.id(), SnapshotService.captured(), Lab.LONG);
            SnapshotService one = lab.service();
            SnapshotService two = lab.service();
            List<SnapshotService> both = List.of(one, two);
            await().untilAsserted(
                            () -> assertThat(lab.catalog.find(created.id())).isPresent());
            await().until(() ->
                    Crowd.together(2, i -> both.get(i).resumeNext()).stream().anyMatch(Optional::isPresent));
            assertThat(one.resumeNext()).isEmpty();
            assertThat(lab.settled(two, created).status()).isEqualTo(SnapshotStatus.AVAILABLE);
            lab.awaitNothingLeft(created.id());
        }
    }

    @Test
    void listingsAreFiltered() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot day = take(lab, service, 1);
            SnapshotQuery available = SnapshotQuery.all().withStatus(SnapshotStatus.AVAILABLE);
            assertThat(service.list(available.withInstance(Lab.INSTANCE), Optional.empty(), 10)
                            .items())
                    .containsExactly(day);
            assertThat(service.list(available.withInstance("other"), Optional.empty(), 10)
                            .items())
                    .isEmpty();
            lab.clock.step(Duration.ofDays(1));
            assertThat(service.list(available, Optional.empty(), 10).items()).isEmpty();
        }
    }

    @Test
    void aLostCatalogIsRebuiltFromTheStoreAlone() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot forEver = take(lab, service, 0);
            Snapshot changed = take(lab, service, 1);
            service.changeRetention(changed.id(), Retention.ofDays(9).withLegalHold("case 1"));
            Snapshot damaged = take(lab, service, 0);
            lab.objects.put(
                    ObjectKey.of(damaged.disks().get(0).object().orElseThrow()),
                    ByteBuffer.allocate(3),
                    PublishMode.REPLACE,
                    UploadOptions.ofDefaults());
            MemoryCatalog empty = MemoryCatalog.create(lab.clock);
            SnapshotService restored = lab.service(Lab.settings().build(), lab.host, lab.store, empty);

            RebuildReport report = restored.rebuildCatalog(new Cancellation());
            assertThat(report.count(Outcome.RESTORED)).as("%s", report).isEqualTo(2);
            assertThat(report.items())
                    .filteredOn(item -> item.outcome() == Outcome.FAILED)
                    .extracting(RebuildReport.Item::snapshot)
                    .containsExactly(damaged.id());
            Snapshot again = restored.get(forEver.id());
            assertThat(again.disks()).isEqualTo(forEver.disks());
            assertThat(again.capture()).isEqualTo(forEver.capture());
            assertThat(again.instance()).isEqualTo(forEver.instance());
            assertThat(restored.get(changed.id()).retention())
                    .isEqualTo(Retention.ofDays(9).withLegalHold("case 1"));
            assertThat(restored.get(changed.id()).completedAt()).isEqualTo(changed.completedAt());
            try (BlockSource disk = restored.openDisk(forEver.id(), "vda")) {
                assertThat(disk.size()).isEqualTo(Lab.ROOT_SIZE);
            }
            restored.launch(LaunchRequest.of(forEver.id(), "copy"));
            assertThat(restored.rebuildCatalog(new Cancellation()).count(Outcome.KNOWN))
                    .isEqualTo(2);
            restored.delete(forEver.id());
            assertThat(restored.rebuildCatalog(new Cancellation()).count(Outcome.RESTORED))
                    .isZero();
        }
    }

    private static Snapshot take(Lab lab, SnapshotService service, int days) {
        return lab.settled(service, service.create(Lab.request().withRetentionDays(days)));
    }
}
