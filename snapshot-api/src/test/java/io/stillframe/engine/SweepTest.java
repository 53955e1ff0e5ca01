package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.DirectoryCatalog;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.Phase;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.model.SweepReport.Action;
import io.stillframe.model.SweepReport.Kind;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sweep removes what nothing needs, and nothing else. */
class SweepTest {
    private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");

    @Test
    void anExpiredSnapshotIsRemovedAndOthersAreNot() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot day = take(lab, service, 1);
            Snapshot week = take(lab, service, 7);
            Snapshot forEver = take(lab, service, 0);
            lab.clock.step(Duration.ofDays(1));

            assertThat(service.get(day.id()).status()).isEqualTo(SnapshotStatus.DELETING);
            SweepReport dry = service.sweep(SweepMode.DRY_RUN, new Cancellation());
            assertThat(dry.items())
                    .extracting(SweepReport.Item::kind, SweepReport.Item::subject, SweepReport.Item::action)
                    .containsExactly(tuple(Kind.EXPIRED_SNAPSHOT, day.id().value(), Action.WOULD_REMOVE));
            assertThat(service.get(day.id()).id()).isEqualTo(day.id());
            SweepReport swept = service.sweep(SweepMode.REMOVE, new Cancellation());
            assertThat(swept.count(Action.REMOVED)).isEqualTo(1);
            assertThat(service.list(Optional.empty(), 10).items())
                    .extracting(Snapshot::id)
                    .containsExactlyInAnyOrder(week.id(), forEver.id());
            lab.assertNothingLeft(week.id(), forEver.id());
        }
    }

    @Test
    void aClockThatWentBackDeletesNothing() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            take(lab, service, 1);
            lab.clock.step(Duration.ofDays(-400));
            assertThat(service.sweep(SweepMode.REMOVE, new Cancellation()).items())
                    .isEmpty();
        }
    }

    @Test
    void whatARunningJobNeedsStays() {
        try (Lab lab = Lab.running()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService worker = lab.service();
            Snapshot created = worker.create(Lab.request());
            worker.await(created.id(), s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            SnapshotService other =
                    lab.service(Lab.settings().orphanAge(Duration.ZERO).build());

            assertThat(other.sweep(SweepMode.REMOVE, new Cancellation()).count(Action.REMOVED))
                    .isZero();
            gate.open();
            assertThat(lab.settled(worker, created).status()).isEqualTo(SnapshotStatus.AVAILABLE);
        }
    }

    @Test
    void objectsOfUnknownSnapshotsAreRemovedOnlyWhenOldAndWithoutManifest() {
        try (Lab lab = Lab.running()) {
            SnapshotId young = SnapshotId.create(lab.clock.instant());
            SnapshotId old = SnapshotId.create(LONG_AGO);
            SnapshotId published = SnapshotId.create(LONG_AGO);
            put(lab, young, "vda.raw.zst");
            put(lab, old, "vda.raw.zst");
            put(lab, published, "vda.raw.zst");
            put(lab, published, "manifest.json");
            lab.objects.put(
                    ObjectKey.of("snapshots/readme.txt"),
                    ByteBuffer.allocate(1),
                    PublishMode.REPLACE,
                    UploadOptions.ofDefaults());
            // The store stamps objects by its own clock: only the id's age and the orphan age decide here.
            SnapshotService patient = lab.service();
            assertThat(patient.sweep(SweepMode.REMOVE, new Cancellation()).count(Action.REMOVED))
                    .isZero();
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));
            put(lab, SnapshotId.create(lab.clock.instant()), "vda.raw.zst");
            SweepReport report = patient.sweep(SweepMode.REMOVE, new Cancellation());

            assertThat(report.items())
                    .filteredOn(item -> item.action() == Action.REMOVED)
                    .extracting(SweepReport.Item::subject)
                    .containsExactlyInAnyOrder(old.value(), young.value());
            assertThat(report.items())
                    .filteredOn(item -> item.subject().equals(published.value()))
                    .allMatch(item -> item.action() == Action.KEPT);
            assertThat(lab.objects.stat(ObjectKey.of("snapshots/readme.txt"))).isPresent();
        }
    }

    /** A manifest that came after its snapshot's removal is nobody's; with any of its disks there it may be all that a lost catalog left. */
    @Test
    void aManifestOfAnUnknownSnapshotIsRemovedOnlyWhenOldAndWithoutDisks() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot taken = take(lab, service, 0);
            List<ObjectKey> disks = taken.disks().stream()
                    .map(disk -> ObjectKey.of(disk.object().orElseThrow()))
                    .toList();
            SnapshotService stranger =
                    lab.service(Lab.settings().build(), lab.host, lab.store, MemoryCatalog.create(lab.clock));
            lab.objects.delete(disks.subList(0, 1));
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));
            assertThat(onlyItem(stranger).action())
                    .as("one of two disks is there")
                    .isEqualTo(Action.KEPT);

            lab.objects.delete(disks);
            lab.clock.set(Instant.now());
            assertThat(onlyItem(stranger).action()).as("young").isEqualTo(Action.KEPT);
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));
            assertThat(service.sweep(SweepMode.REMOVE, new Cancellation()).items())
                    .as("its own catalog's")
                    .isEmpty();
            assertThat(onlyItem(stranger).action()).isEqualTo(Action.REMOVED);
            assertThat(lab.objects.list("", Optional.empty(), 10).items()).isEmpty();
        }
    }

    @Test
    void aManifestThatCannotBeReadIsKept() {
        try (Lab lab = Lab.running()) {
            put(lab, SnapshotId.create(LONG_AGO), "manifest.json");
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));
            assertThat(onlyItem(lab.service()).action()).isEqualTo(Action.KEPT);
        }
    }

    @Test
    void anUnreadableRecordKeepsOnlyItsOwnThings(@TempDir Path directory) throws IOException {
        try (Lab lab = Lab.running();
                DirectoryCatalog catalog = DirectoryCatalog.open(directory, lab.clock)) {
            lab.clock.set(Instant.now());
            SnapshotService service = lab.service(Lab.settings().build(), lab.host, lab.store, catalog);
            Snapshot unreadable = take(lab, service, 0);
            Files.writeString(directory.resolve("records").resolve(unreadable.id() + ".json"), "{}");
            hold(lab, unreadable.id(), "vda");
            SnapshotId orphan = SnapshotId.create(LONG_AGO);
            put(lab, orphan, "vda.raw.zst");
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));

            SweepReport report = service.sweep(SweepMode.REMOVE, new Cancellation());

            assertThat(report.items())
                    .extracting(SweepReport.Item::kind, SweepReport.Item::action)
                    .containsExactlyInAnyOrder(
                            tuple(Kind.ORPHANED_OBJECTS, Action.REMOVED),
                            tuple(Kind.ORPHANED_OBJECTS, Action.KEPT),
                            tuple(Kind.HELD_POINT_IN_TIME, Action.KEPT));
            assertThat(lab.objects.list("", Optional.empty(), 10).items())
                    .isNotEmpty()
                    .allMatch(object ->
                            object.key().value().contains(unreadable.id().value()));
        }
    }

    private static SweepReport.Item onlyItem(SnapshotService service) {
        List<SweepReport.Item> items =
                service.sweep(SweepMode.REMOVE, new Cancellation()).items();
        assertThat(items).hasSize(1);
        return items.get(0);
    }

    @Test
    void uploadsThatNobodyWillFinishAreAborted() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot available = take(lab, service, 0);
            UploadSession stray = lab.objects.beginUpload(
                    ObjectKey.of("snapshots/" + available.id() + "/vdz.raw.zst"),
                    PartLayout.fixed(1 << 20),
                    UploadOptions.ofDefaults());
            stray.detach();
            stray.close();
            // A snapshot is available a moment before its job is at an end.
            await().until(() ->
                    service.sweep(SweepMode.DRY_RUN, new Cancellation()).count(Action.WOULD_REMOVE) == 1);
            SweepReport report = service.sweep(SweepMode.REMOVE, new Cancellation());

            assertThat(report.items()).singleElement().satisfies(item -> {
                assertThat(item.kind()).isEqualTo(Kind.UNFINISHED_UPLOAD);
                assertThat(item.action()).isEqualTo(Action.REMOVED);
            });
            lab.assertNothingLeft(available.id());
        }
    }

    @Test
    void pointsInTimeOfUnknownSnapshotsAreReleasedOnlyWhenOld() {
        try (Lab lab = Lab.running()) {
            hold(lab, SnapshotId.create(lab.clock.instant()), "vda");
            hold(lab, SnapshotId.create(LONG_AGO), "vdb");
            SweepReport report = lab.service().sweep(SweepMode.REMOVE, new Cancellation());

            assertThat(report.count(Action.REMOVED)).isEqualTo(1);
            assertThat(report.count(Action.KEPT)).isEqualTo(1);
            assertThat(lab.host.capture().listHeld())
                    .singleElement()
                    .satisfies(plan -> assertThat(plan.snapshot().createdAt()).isEqualTo(lab.clock.instant()));
        }
    }

    @Test
    void anotherCatalogsWorkOnTheSameStoreAndHostIsLeftAlone() {
        try (Lab lab = Lab.running()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService worker = lab.service();
            Snapshot created = worker.create(Lab.request());
            worker.await(created.id(), s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            SnapshotService stranger =
                    lab.service(Lab.settings().build(), lab.host, lab.store, MemoryCatalog.create(lab.clock));

            assertThat(stranger.sweep(SweepMode.REMOVE, new Cancellation()).count(Action.REMOVED))
                    .isZero();
            gate.open();
            Snapshot available = lab.settled(worker, created);
            lab.clock.set(Instant.now().plus(Duration.ofDays(30)));
            assertThat(stranger.sweep(SweepMode.REMOVE, new Cancellation()).count(Action.REMOVED))
                    .isZero();
            worker.openDisk(available.id(), "vda").close();
        }
    }

    private static Snapshot take(Lab lab, SnapshotService service, int days) {
        return lab.settled(service, service.create(Lab.request().withRetentionDays(days)));
    }

    private static void put(Lab lab, SnapshotId id, String name) {
        lab.objects.put(
                ObjectKey.of("snapshots/" + id + "/" + name),
                ByteBuffer.allocate(10),
                PublishMode.CREATE_IF_ABSENT,
                UploadOptions.ofDefaults());
    }

    private static void hold(Lab lab, SnapshotId id, String device) {
        lab.host
                .capture()
                .begin(lab.host.capture().plan(id, lab.guest.state(), DiskSelection.devices(List.of(device))));
    }
}
