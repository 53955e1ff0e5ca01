package io.stillframe.engine;

import static io.stillframe.engine.ChangesLab.MIB;
import static io.stillframe.engine.ChangesLab.assertGone;
import static io.stillframe.engine.ChangesLab.assertReads;
import static io.stillframe.engine.ChangesLab.bytes;
import static io.stillframe.engine.ChangesLab.changes;
import static io.stillframe.engine.ChangesLab.disk;
import static io.stillframe.engine.ChangesLab.names;
import static io.stillframe.engine.ChangesLab.noise;
import static io.stillframe.engine.ChangesLab.pointedInto;
import static io.stillframe.engine.ChangesLab.taken;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.DirectoryCatalog;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.RebuildReport;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.UploadOptions;
import io.stillframe.store.FaultInjectingStore.Gate;
import io.stillframe.store.FaultInjectingStore.Operation;
import io.stillframe.testing.PluginCalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of snapshots that store changes, and of what they need, when others go. */
class ChangesRemovalTest {
    @Test
    void whatOthersNeedOutlivesItsSnapshot() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());

            service.delete(first.id());

            assertGone(service, first.id());
            assertThat(service.list(Optional.empty(), 10).items())
                    .extracting(Snapshot::id)
                    .containsExactly(second.id());
            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> service.delete(first.id()))
                    .matches(e -> e.kind() == Kind.NOT_FOUND, "is gone");
            assertThat(service.list(SnapshotQuery.all().withStatus(SnapshotStatus.REMOVED), Optional.empty(), 10)
                            .items())
                    .extracting(Snapshot::id)
                    .containsExactly(first.id());
            assertThat(names(lab, first.id())).containsExactlyInAnyOrder("vda.pack", "vdb.pack", "removed.json");
            assertReads(lab, service, second);
            lab.assertNothingLeft(first.id(), second.id());

            service.delete(second.id());

            lab.assertNothingLeft();
            assertThat(lab.catalog.list(Optional.empty(), 10).items()).isEmpty();
        }
    }

    /** Its record may be a newer version's, or damaged for a while: its bytes must be there when it is read again. */
    @Test
    void whatOneWithAnUnreadableRecordMayNeedStays(@TempDir Path directory) throws IOException {
        try (Lab lab = Lab.running();
                DirectoryCatalog catalog = DirectoryCatalog.open(directory, lab.clock)) {
            SnapshotService service = lab.service(Lab.settings().build(), lab.host, lab.store, catalog);
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());
            Path file = directory.resolve("records").resolve(second.id() + ".json");
            byte[] record = Files.readAllBytes(file);
            Files.writeString(file, "{\"of\":\"a newer version\"");

            service.delete(first.id());
            SweepReport report = service.sweep(SweepMode.REMOVE, new Cancellation());

            assertThat(report.items()).singleElement().satisfies(item -> {
                assertThat(item.subject()).isEqualTo(second.id().value());
                assertThat(item.action()).isEqualTo(SweepReport.Action.KEPT);
            });
            assertGone(service, first.id());
            Files.write(file, record);
            assertReads(lab, service, second);
            service.delete(second.id());
            assertThat(names(lab, first.id())).isEmpty();
        }
    }

    @Test
    void nothingIsBuiltOnOneWithAnUnreadableRecord(@TempDir Path directory) throws IOException {
        try (Lab lab = Lab.running();
                DirectoryCatalog catalog = DirectoryCatalog.open(directory, lab.clock)) {
            SnapshotService service = lab.service(Lab.settings().build(), lab.host, lab.store, catalog);
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());
            assertThat(disk(second, "vda").older()).isNotEmpty();
            Files.writeString(directory.resolve("records").resolve(first.id() + ".json"), "{}");

            Snapshot third = taken(lab, service, changes());

            assertThat(disk(third, "vda").older()).isEmpty();
            assertReads(lab, service, third);
            assertReads(lab, service, second);
        }
    }

    @Test
    void aSweepNamesWhatNobodyNeedsAnyMore(@TempDir Path directory) throws IOException {
        try (Lab lab = Lab.running();
                DirectoryCatalog catalog = DirectoryCatalog.open(directory, lab.clock)) {
            SnapshotService service = lab.service(Lab.settings().build(), lab.host, lab.store, catalog);
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());
            service.delete(first.id());
            Files.delete(directory.resolve("records").resolve(second.id() + ".json"));

            assertThat(swept(service, SweepMode.DRY_RUN, first))
                    .containsExactly(tuple(SweepReport.Action.WOULD_REMOVE, first.bytesStored()));
            assertThat(names(lab, first.id())).containsExactlyInAnyOrder("vda.pack", "vdb.pack", "removed.json");
            assertThat(swept(service, SweepMode.REMOVE, first))
                    .containsExactly(tuple(SweepReport.Action.REMOVED, first.bytesStored()));

            assertThat(names(lab, first.id())).isEmpty();
            assertThat(swept(service, SweepMode.REMOVE, first)).isEmpty();
        }
    }

    private static List<Tuple> swept(SnapshotService service, SweepMode mode, Snapshot snapshot) {
        return service.sweep(mode, new Cancellation()).items().stream()
                .filter(item -> item.subject().equals(snapshot.id().value()))
                .map(item -> tuple(item.action(), item.bytes()))
                .toList();
    }

    /** The one that comes second found it removed, and showed it as DELETING again. */
    @Test
    void whoeverDeletesItSecondLeavesItAsItIs() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());
            Gate gate = lab.store.block(Operation.DELETE);
            CompletableFuture<Void> one = CompletableFuture.runAsync(() -> service.delete(first.id()));
            gate.awaitArrival(Lab.LONG);
            Thread waiting = new Thread(() -> service.delete(first.id()));
            waiting.start();
            await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);
            gate.open();
            one.orTimeout(60, TimeUnit.SECONDS).join();
            await().until(() -> !waiting.isAlive());

            assertThat(lab.catalog.find(first.id()).orElseThrow().snapshot().status())
                    .isEqualTo(SnapshotStatus.REMOVED);
            assertThat(lab.catalog.journal(first.id()))
                    .extracting(JournalEntry::detail)
                    .contains("was AVAILABLE")
                    .doesNotContain("was REMOVED");
            assertReads(lab, service, second);
        }
    }

    @Test
    void aGenerationInTheMiddleIsNotNeededForThoseBehindIt() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(3));
            Snapshot third = taken(lab, service, changes());

            assertThat(disk(third, "vda").older()).containsExactly(pointedInto(first, "vda"));
            service.delete(second.id());

            assertThat(names(lab, second.id())).isEmpty();
            service.delete(first.id());
            assertReads(lab, service, third);
            service.delete(third.id());
            lab.assertNothingLeft();
        }
    }

    @Test
    void whatIsNotNeededAnyMoreGoesWithTheLastThatNeedsIt() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, changes());
            lab.guest.write("vdb", 0, noise(4));
            Snapshot third = taken(lab, service, changes());
            service.delete(first.id());
            service.delete(second.id());
            assertThat(names(lab, second.id())).containsExactlyInAnyOrder("vda.pack", "removed.json");

            lab.guest.write("vda", 0, new byte[Lab.ROOT_SIZE]);
            lab.guest.write("vda", 0, noise(5));
            Snapshot fourth = taken(lab, service, changes());
            service.delete(third.id());

            assertThat(disk(fourth, "vda").older()).isEmpty();
            assertThat(names(lab, first.id())).isEmpty();
            assertThat(names(lab, second.id())).isEmpty();
            assertReads(lab, service, fourth);
            service.delete(fourth.id());
            lab.assertNothingLeft();
        }
    }

    @Test
    void anExpiredBaseIsRemovedAtItsTimeButForWhatIsNeeded() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot day = taken(lab, service, changes().withRetentionDays(1));
            lab.guest.write("vda", MIB, noise(2));
            Snapshot week = taken(lab, service, changes().withRetentionDays(7));
            lab.clock.step(Duration.ofDays(1));

            assertThat(service.sweep(SweepMode.REMOVE, new Cancellation()).count(SweepReport.Action.REMOVED))
                    .isEqualTo(1);

            assertGone(service, day.id());
            assertReads(lab, service, week);
            lab.clock.step(Duration.ofDays(6));
            service.sweep(SweepMode.REMOVE, new Cancellation());
            lab.assertNothingLeft();
        }
    }

    @Test
    void aFailedOneNeedsNothingAnyMore() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot first = taken(lab, service, changes());
            lab.guest.write("vda", MIB, noise(2));
            lab.store.failAlways(Operation.PUT_PART, Kind.PERMANENT);
            Snapshot failed = lab.settled(service, service.create(changes()));
            lab.store.heal();
            assertThat(failed.status()).isEqualTo(SnapshotStatus.FAILED);
            lab.awaitNothingLeft(first.id(), failed.id());

            service.delete(first.id());

            lab.awaitNothingLeft();
            assertThat(names(lab, first.id())).isEmpty();
        }
    }

    @Test
    void whatIsLeftOfARemovedOneIsNobodysWhileOthersCannotBeRestored() {
        try (Lab lab = Lab.running()) {
            SnapshotService before = lab.service();
            Snapshot first = taken(lab, before, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, before, changes());
            before.delete(first.id());
            ObjectKey manifest = ObjectKey.of("snapshots/" + second.id() + "/manifest.json");
            ByteBuffer whole = bytes(lab.objects, manifest);
            lab.objects.put(manifest, ByteBuffer.allocate(10), PublishMode.REPLACE, UploadOptions.ofDefaults());
            SnapshotService service = lab.service(
                    Lab.settings().orphanAge(Duration.ZERO).build(),
                    lab.host,
                    lab.store,
                    MemoryCatalog.create(lab.clock));
            lab.clock.set(Instant.now().plus(Duration.ofDays(8)));

            RebuildReport report = service.rebuildCatalog(new Cancellation());
            service.sweep(SweepMode.REMOVE, new Cancellation());

            assertThat(report.items())
                    .extracting(RebuildReport.Item::outcome)
                    .containsOnly(RebuildReport.Outcome.FAILED);
            lab.objects.put(manifest, whole, PublishMode.REPLACE, UploadOptions.ofDefaults());
            assertThat(service.rebuildCatalog(new Cancellation()).count(RebuildReport.Outcome.RESTORED))
                    .isEqualTo(2);
            assertReads(lab, service, service.get(second.id()));
        }
    }

    @Test
    void recoveryRightAfterADeathRemovesWhatTheDeadOneWasRemoving() {
        try (Lab lab = Lab.running()) {
            SnapshotService before = lab.service();
            Snapshot first = taken(lab, before, changes());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, before, changes());
            before.delete(first.id());
            CallGate gate = CallGate.crashBefore("remove", 2);
            SnapshotService dead = lab.service(
                    Lab.settings().leaseTtl(Duration.ofHours(1)).build(),
                    gate.around(lab.host.connect()),
                    gate.around(lab.store),
                    gate.around(lab.catalog));
            assertThatExceptionOfType(CallGate.Crash.class).isThrownBy(() -> dead.delete(second.id()));
            assertThat(lab.catalog.list(Optional.empty(), 10).items()).hasSize(1);

            SnapshotService service =
                    lab.service(Lab.settings().build(), lab.host, lab.store, leasesEndOnceSeen(lab.catalog));
            service.recover(new Cancellation());

            assertThat(lab.catalog.list(Optional.empty(), 10).items()).isEmpty();
            lab.assertNothingLeft();
        }
    }

    /** A catalog in which a dead owner's lease runs out just after somebody was refused it. */
    private static SnapshotCatalog leasesEndOnceSeen(SnapshotCatalog catalog) {
        PluginCalls calls = new PluginCalls(Set.of(), call -> {
            Object result = call.proceed();
            if (result instanceof LeaseOutcome.Held held) {
                catalog.release(held.by());
            }
            return result;
        });
        return calls.around(SnapshotCatalog.class, catalog);
    }
}
