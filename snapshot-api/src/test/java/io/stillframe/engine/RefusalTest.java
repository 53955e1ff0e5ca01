package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.hypervisor.SimulatedGuest;
import io.stillframe.model.Compression;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.PowerState;
import io.stillframe.store.FaultInjectingStore.Gate;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What is refused is refused before the instance is touched, and leaves no record. */
class RefusalTest {
    @Test
    void anUnknownInstance() {
        refused(lab -> {}, SnapshotRequest.of("wbe").withCodec("zstd"), Kind.NOT_FOUND, "web");
    }

    @Test
    void anUnknownDisk() {
        refused(lab -> {}, Lab.request().withDisks(DiskSelection.devices(List.of("vdz"))), Kind.NOT_FOUND, "vda");
    }

    @Test
    void anUnknownCodec() {
        refused(lab -> {}, Lab.request().withCodec("vhdx2"), Kind.NOT_FOUND, "zstd");
    }

    @Test
    void aCompressionOutOfRange() {
        refused(lab -> {}, Lab.request().withCompression(Compression.of("zstd", 99)), Kind.INVALID, "99");
    }

    @Test
    void aPausedInstance() {
        refused(lab -> lab.guest.pause(), Lab.request(), Kind.CONFLICT, "PAUSED");
    }

    @Test
    void aSuspendedInstance() {
        refused(lab -> lab.guest.suspend(), Lab.request(), Kind.CONFLICT, "SUSPENDED");
    }

    @Test
    void anInstanceThatWouldVanish() {
        try (Lab lab = Lab.running()) {
            SimulatedGuest mayfly =
                    lab.host.add(Lab.instance("mayfly").vanishesAtPowerOff().build());
            SnapshotService service = lab.service();
            assertThatThrownBy(() -> service.create(SnapshotRequest.of("mayfly").withCodec("zstd")))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.CONFLICT))
                    .hasMessageContaining("transient");
            assertThat(mayfly.shutdownEvents()).isZero();
        }
    }

    @Test
    void aSecondCaptureOfTheSameInstanceNamesTheFirst() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            // However slow this thread is, the first one does not get to its end.
            Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service();
            SnapshotId first = service.create(Lab.request()).id();
            assertThatThrownBy(() -> lab.service().create(Lab.request()))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.CONFLICT))
                    .hasMessageContaining(first.value());
            gate.open();
            service.await(first, SnapshotService.settled(), Lab.LONG);
        }
    }

    @Test
    void aStoreThatDoesNotAnswerFailsTheSnapshotBeforeTheInstanceIsTouched() {
        try (Lab lab = Lab.running()) {
            lab.store.failAlways(Operation.BEGIN_UPLOAD, Kind.TRANSIENT);
            SnapshotService service = lab.service();
            Snapshot snapshot = lab.settled(service, service.create(Lab.request()));

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(snapshot.failure().orElseThrow().kind()).isEqualTo(Kind.TRANSIENT);
            assertThat(lab.guest.shutdownEvents()).isZero();
            assertThat(lab.guest.bootCount()).isEqualTo(1);
            lab.assertNothingLeft();
        }
    }

    @Test
    void aServiceWithoutAHypervisorSaysSo() {
        try (Lab lab = Lab.running();
                SnapshotService service = SnapshotService.builder()
                        .store(lab.store)
                        .catalog(lab.catalog)
                        .build()) {
            assertThatThrownBy(() -> service.create(Lab.request()))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.UNSUPPORTED));
            assertThat(service.list(Optional.empty(), 10).items()).isEmpty();
        }
    }

    @Test
    void aServiceWithoutACatalogIsNotBuilt() {
        assertThatThrownBy(() -> SnapshotService.builder().build())
                .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.INVALID));
    }

    private static void refused(Consumer<Lab> before, SnapshotRequest request, Kind kind, String names) {
        try (Lab lab = Lab.running()) {
            before.accept(lab);
            PowerState power = lab.guest.state().power();
            assertThatThrownBy(() -> lab.service().create(request))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(kind))
                    .hasMessageContaining(names);
            assertThat(lab.guest.shutdownEvents()).isZero();
            assertThat(lab.guest.state().power()).isEqualTo(power);
            assertThat(lab.catalog.list(Optional.empty(), 10).items()).isEmpty();
            lab.assertNothingLeft();
        }
    }
}
