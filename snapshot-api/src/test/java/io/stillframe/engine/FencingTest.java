package io.stillframe.engine;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.Phase;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.Work;
import io.stillframe.store.FaultInjectingStore.Gate;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A service that was cut off for longer than its lease, and whose work another one has ended, comes back: nothing of it counts. */
class FencingTest {
    private static final ServiceSettings SETTINGS = Lab.settings()
            .leaseTtl(Duration.ofSeconds(1))
            .interrupted(ServiceSettings.Interrupted.FAIL)
            .build();

    private final MemoryCatalog catalog = MemoryCatalog.create(Clock.systemUTC());
    private final AtomicBoolean cutOff = new AtomicBoolean();

    @Test
    void lateWritesAreRefusedAndNothingIsStored() {
        Outcome outcome = outlived(Operation.PUT_PART, Phase.TRANSFERRING);
        assertThat(outcome.objects()).isEmpty();
    }

    /** The store cannot know: what was on its way to it arrives. It makes no snapshot, and the next sweep removes it. */
    @Test
    void aManifestThatArrivesLateMakesNoSnapshot() {
        Outcome outcome = outlived(Operation.PUT, Phase.PUBLISHING);
        assertThat(outcome.objects()).allMatch(key -> key.endsWith("manifest.json"));
    }

    private record Outcome(List<String> objects) {}

    private Outcome outlived(Operation at, Phase phase) {
        try (Lab lab = Lab.running()) {
            Gate gate = lab.store.block(at);
            SnapshotService fenced = lab.service(SETTINGS, lab.host, lab.store, breakable());
            SnapshotId id = fenced.create(Lab.request()).id();
            fenced.await(id, s -> s.phase() == phase, Lab.LONG);
            await().until(() -> gate.waiting() > 0);
            cutOff.set(true);

            SnapshotService successor = lab.service(SETTINGS, lab.host, lab.objects, catalog);
            successor.recover(new Cancellation());
            Snapshot failed = successor.await(id, SnapshotService.settled(), Lab.LONG);
            await().until(() -> catalog.find(id).orElseThrow().work() == Work.NONE);
            assertThat(failed.status()).isEqualTo(SnapshotStatus.FAILED);
            List<JournalEntry> journal = catalog.journal(id);

            cutOff.set(false);
            gate.open();
            fenced.close();
            List<String> objects = lab.objects.list("", Optional.empty(), 100).items().stream()
                    .map(object -> object.key().value())
                    .toList();
            assertThat(successor.get(id)).isEqualTo(successor.get(id)).isEqualTo(catalog.find(id).orElseThrow().snapshot());
            assertThat(successor.get(id).status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(catalog.journal(id)).isEqualTo(journal);
            failing(() -> successor.openDisk(id, "vda"), Kind.CONFLICT);
            assertThat(lab.host.capture().listHeld()).isEmpty();
            successor.sweep(SweepMode.REMOVE, new Cancellation());
            lab.assertNothingLeft();
            return new Outcome(objects);
        }
    }

    private SnapshotCatalog breakable() {
        return (SnapshotCatalog) Proxy.newProxyInstance(
                SnapshotCatalog.class.getClassLoader(),
                new Class<?>[] {SnapshotCatalog.class},
                (proxy, method, args) -> {
                    if (cutOff.get()) {
                        throw SnapshotException.transientFault("cut off", null);
                    }
                    try {
                        return method.invoke(catalog, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
