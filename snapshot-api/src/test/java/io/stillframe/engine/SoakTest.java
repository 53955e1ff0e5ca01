package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.DirectoryCatalog;
import io.stillframe.hypervisor.SimulatedHypervisor;
import io.stillframe.model.Retention;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.SteppableClock;
import io.stillframe.store.FileObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many snapshots with retention on the embedded defaults, one after another in a service that lives on: nothing that they needed is
 * left when they have expired. {@code -Dstillframe.soak=1000} for the long one.
 */
class SoakTest {
    private static final int SNAPSHOTS = Integer.getInteger("stillframe.soak", 30);
    private static final int INSTANCES = 6;
    /** All that a service with these settings may have at once: its pools are filled before their idle threads end. */
    private static final int MOST_THREADS = 96;

    private static final long HEAP_GROWTH = 12L << 20;
    private static final Path HANDLES = Path.of("/proc/self/fd");

    @TempDir
    private Path directory;

    private final SteppableClock clock = SteppableClock.at(Instant.parse("2026-01-01T00:00:00Z"));

    /** What a process uses. */
    private record Use(long threads, long handles, long heap) {
        static Use now(Set<Thread> others) throws IOException {
            for (int i = 0; i < 3; i++) {
                System.gc();
            }
            Runtime runtime = Runtime.getRuntime();
            return new Use(serviceThreads(others).size(), openHandles(), runtime.totalMemory() - runtime.freeMemory());
        }
    }

    @Test
    void manySnapshotsLeaveNothingBehind() throws IOException {
        Path records = directory.resolve("catalog");
        Path objects = directory.resolve("store");
        // Threads of services that other tests let die end in their own time.
        Set<Thread> others = serviceThreads(Set.of());
        try (SimulatedHypervisor host = SimulatedHypervisor.builder().build();
                SnapshotCatalog catalog = DirectoryCatalog.open(records, clock);
                FileObjectStore store = FileObjectStore.open(objects);
                SnapshotService service = SnapshotService.builder()
                        .hypervisor(host)
                        .store(store)
                        .catalog(catalog)
                        .clock(clock)
                        .settings(Lab.settings()
                                .transfersAtOnce(4)
                                .expiry(ServiceSettings.Expiry.TIMER)
                                .build())
                        .build()) {
            for (int i = 0; i < INSTANCES; i++) {
                host.add(Lab.instance("vm-" + i).running().build());
            }
            Snapshot lasting = wave(service, Retention.forEver(), 1).get(0);
            expire(service, lasting, wave(service, Retention.ofDays(1), INSTANCES));
            List<Path> files = files();
            Use baseline = Use.now(others);
            for (int done = 0; done < SNAPSHOTS; done += INSTANCES) {
                expire(service, lasting, wave(service, Retention.ofDays(1), INSTANCES));
            }
            assertThat(service.list(Optional.empty(), 10).items()).hasSize(1);
            assertThat(host.capture().listHeld()).isEmpty();
            assertThat(files()).isEqualTo(files);
            // What looks for work now and then has files open for a moment.
            await().untilAsserted(() -> {
                Use end = Use.now(others);
                assertThat(end.threads()).as("threads").isLessThanOrEqualTo(MOST_THREADS);
                assertThat(end.handles()).as("file handles").isLessThanOrEqualTo(baseline.handles());
                assertThat(end.heap()).as("heap in use").isLessThanOrEqualTo(baseline.heap() + HEAP_GROWTH);
            });
        }
        await().atMost(Lab.LONG)
                .untilAsserted(() -> assertThat(serviceThreads(others)).isEmpty());
    }

    private List<Snapshot> wave(SnapshotService service, Retention retention, int count) {
        List<SnapshotId> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(service.create(SnapshotRequest.of("vm-" + i)
                            .withRetention(retention)
                            .withShutdown(Lab.request().shutdown()))
                    .id());
        }
        List<Snapshot> taken = ids.stream()
                .map(id -> service.await(id, SnapshotService.settled(), Lab.LONG))
                .toList();
        assertThat(taken).allMatch(snapshot -> snapshot.status() == SnapshotStatus.AVAILABLE);
        return taken;
    }

    /** Lets a day pass; the timer looks because a retention is changed. */
    private void expire(SnapshotService service, Snapshot lasting, List<Snapshot> snapshots) {
        clock.step(Duration.ofDays(1));
        service.changeRetention(lasting.id(), Retention.forEver());
        await().atMost(Lab.LONG)
                .until(() -> service.list(Optional.empty(), snapshots.size() + 1).items().stream()
                        .noneMatch(left -> snapshots.stream().map(Snapshot::id).anyMatch(left.id()::equals)));
    }

    /** Files only: a directory that was needed once may stay. */
    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().equals("new.tmp"))
                    .map(directory::relativize)
                    .sorted()
                    .toList();
        }
    }

    private static Set<Thread> serviceThreads(Set<Thread> others) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("stillframe-") && !others.contains(thread))
                .collect(Collectors.toSet());
    }

    private static long openHandles() throws IOException {
        if (!Files.isDirectory(HANDLES)) {
            return 0;
        }
        try (Stream<Path> handles = Files.list(HANDLES)) {
            return handles.count();
        }
    }
}
