package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.SimulatedFault;
import io.stillframe.hypervisor.SimulatedOperation;
import io.stillframe.model.Phase;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PowerState;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From the held point in time to stored, verified objects. */
class TransferTest {
    @ParameterizedTest
    @ValueSource(strings = {"pack", "zstd", "raw", "qcow2"})
    void whatIsStoredIsThePointInTimeWhateverTheGuestWritesSince(String codec) {
        try (Lab lab = Lab.running();
                BlockSource root = lab.guest.content("vda");
                BlockSource data = lab.guest.content("vdb")) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service();
            Snapshot created = service.create(Lab.request().withCodec(codec));
            service.await(created.id(), SnapshotService.captured(), Lab.LONG);
            byte[] later = "written after the point in time".getBytes(StandardCharsets.UTF_8);
            lab.guest.write("vda", 4096, later);
            lab.guest.write("vdb", 65536, later);
            gate.open();
            Snapshot snapshot = lab.settled(service, created);

            assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
            assertSame(root, service, snapshot, "vda");
            assertSame(data, service, snapshot, "vdb");
            assertThat(bytes(lab.guest.content("vda"), 4096, later.length)).isEqualTo(later);
        }
    }

    @Test
    void partsThatFailForAPassingReasonAreSentAgain() {
        try (Lab lab = Lab.running()) {
            lab.store.failBefore(Operation.PUT_PART, 1, Kind.THROTTLED);
            lab.store.failBefore(Operation.PUT_PART, 3, Kind.TRANSIENT);
            lab.store.failAfter(Operation.PUT_PART, 5, Kind.TRANSIENT);
            assertThat(take(lab, Lab.request().withCodec("raw")).status()).isEqualTo(SnapshotStatus.AVAILABLE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"zstd", "qcow2"})
    void whatHasArrivedIsNotSentAgainAfterTheProcessDied(String codec) {
        long parts = partsOf(codec);
        assertThat(parts).isGreaterThan(2);
        for (int part = 1; part <= parts; part++) {
            try (Lab lab = Lab.running();
                    BlockSource root = lab.guest.content("vda");
                    BlockSource data = lab.guest.content("vdb")) {
                CallGate gate = CallGate.crashBefore("putPart", part);
                SnapshotService second = lab.service();
                Snapshot snapshot = takenByTwoProcesses(lab, gate, second, codec);

                assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
                assertThat(lab.store.calls(Operation.PUT_PART))
                        .as("dead before part %s", part)
                        .isEqualTo(parts);
                assertSame(root, second, snapshot, "vda");
                assertSame(data, second, snapshot, "vdb");
                lab.assertNothingLeft(snapshot.id());
            }
        }
    }

    private static long partsOf(String codec) {
        try (Lab lab = Lab.running()) {
            take(lab, Lab.request().withCodec(codec));
            return lab.store.calls(Operation.PUT_PART);
        }
    }

    private static Snapshot takenByTwoProcesses(Lab lab, CallGate gate, SnapshotService second, String codec) {
        SnapshotService first = lab.service(
                Lab.settings().leaseTtl(Duration.ofMinutes(10)).build(),
                gate.around(lab.host.connect()),
                gate.around(lab.store),
                gate.around(lab.catalog));
        SnapshotId id = first.create(Lab.request().withCodec(codec)).id();
        await().atMost(Lab.LONG).until(gate::isDead);
        first.close();
        lab.letLeasesRunOut();
        second.recover(new Cancellation());
        return second.await(id, SnapshotService.settled(), Lab.LONG);
    }

    @Test
    void aCompletionWhoseAnswerIsLostIsResolvedByLooking() {
        try (Lab lab = Lab.running()) {
            lab.store.failAfter(Operation.COMPLETE, 1, Kind.OUTCOME_UNKNOWN);
            lab.store.failAfter(Operation.PUT, 1, Kind.OUTCOME_UNKNOWN);
            assertThat(take(lab, Lab.request()).status()).isEqualTo(SnapshotStatus.AVAILABLE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PUT_PART", "COMPLETE", "PUT"})
    void aStoreThatFailsForGoodFailsTheSnapshotAndNotTheInstance(String operation) {
        try (Lab lab = Lab.running()) {
            lab.store.failAlways(Operation.valueOf(operation), Kind.PERMANENT);
            Snapshot snapshot = take(lab, Lab.request());

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(snapshot.failure().orElseThrow().kind()).isEqualTo(Kind.PERMANENT);
            assertThat(snapshot.phase()).isEqualTo(Phase.DONE);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            lab.awaitNothingLeft();
        }
    }

    @Test
    void anObjectThatIsShorterThanWhatWasSentIsNeverCalledAvailable() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            FaultInjectingStore.Gate gate = lab.store.block(Operation.COMPLETE);
            Snapshot created = service.create(Lab.request());
            service.await(created.id(), SnapshotService.captured(), Lab.LONG);
            lab.store.truncate(ObjectKey.of("snapshots/" + created.id() + "/vda.raw.zst"), 10);
            gate.open();
            Snapshot snapshot = lab.settled(service, created);

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(snapshot.failure().orElseThrow().kind()).isEqualTo(Kind.CORRUPT);
        }
    }

    @Test
    void aTransferThatStandsStillFails() {
        try (Lab lab = Lab.running()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service(
                    Lab.settings().stallLimit(Duration.ofMillis(300)).build());
            Snapshot created = service.create(Lab.request());
            service.await(created.id(), s -> s.status() == SnapshotStatus.FAILED, Lab.LONG);
            gate.open();
            Snapshot snapshot = lab.settled(service, created);

            assertThat(snapshot.failure().orElseThrow().kind()).isEqualTo(Kind.TRANSIENT);
            assertThat(snapshot.failure().orElseThrow().reason()).contains("moved no byte");
            lab.awaitNothingLeft();
        }
    }

    @Test
    void aDiskThatCannotBeReadFailsTheSnapshot() {
        try (Lab lab = Lab.running()) {
            lab.host.faults().always(SimulatedOperation.READ_CAPTURE, SimulatedFault.before(Kind.PERMANENT));
            Snapshot snapshot = take(lab, Lab.request());

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            lab.awaitNothingLeft();
        }
    }

    @Test
    void theManifestIsPublishedLastAndDescribesTheSnapshot() {
        try (Lab lab = Lab.running()) {
            Snapshot snapshot = take(lab, Lab.request());
            ObjectKey key = ObjectKey.of("snapshots/" + snapshot.id() + "/manifest.json");
            String text = text(lab, key);

            assertThat(text).startsWith("{\"magic\":\"stillframe-manifest\",\"version\":1,");
            assertThat(text)
                    .contains(snapshot.id().value())
                    .contains(snapshot.disks().get(0).content().orElseThrow().toString());
        }
    }

    private static Snapshot take(Lab lab, SnapshotRequest request) {
        SnapshotService service = lab.service();
        return lab.settled(service, service.create(request));
    }

    private static String text(Lab lab, ObjectKey key) {
        try (ByteSource source = lab.objects.open(key)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
            source.read(0, bytes);
            return new String(bytes.array(), StandardCharsets.UTF_8);
        }
    }

    private static void assertSame(BlockSource expected, SnapshotService service, Snapshot snapshot, String device) {
        try (BlockSource stored = service.openDisk(snapshot.id(), device)) {
            assertThat(stored.size()).isEqualTo(expected.size());
            int size = (int) expected.size();
            assertThat(bytes(stored, 0, size)).isEqualTo(bytes(expected, 0, size));
        }
    }

    private static byte[] bytes(BlockSource source, long position, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        source.read(position, bytes);
        return bytes.array();
    }
}
