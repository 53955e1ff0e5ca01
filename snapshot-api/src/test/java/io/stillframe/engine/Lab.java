package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.hypervisor.SimulatedGuest;
import io.stillframe.hypervisor.SimulatedHypervisor;
import io.stillframe.hypervisor.SimulatedInstance;
import io.stillframe.model.DiskRole;
import io.stillframe.model.RetryPolicy;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.contract.SteppableClock;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.MemoryObjectStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** A simulated host with the instance {@code web}, a store and a catalog in memory, and impatient services on them. */
final class Lab implements AutoCloseable {
    static final String INSTANCE = "web";
    static final int ROOT_SIZE = 5 << 20;
    static final int DATA_SIZE = 3 << 20;
    static final Duration LONG = Duration.ofSeconds(60);

    final SteppableClock clock = SteppableClock.at(Instant.parse("2026-01-01T00:00:00Z"));
    final SimulatedHypervisor host = SimulatedHypervisor.builder().build();
    final MemoryObjectStore objects = MemoryObjectStore.create();
    final FaultInjectingStore store = FaultInjectingStore.around(objects);
    final MemoryCatalog catalog = MemoryCatalog.create(clock);
    final SimulatedGuest guest;
    private final List<SnapshotService> services = new ArrayList<>();

    Lab(ShutdownBehaviour onShutdown) {
        this(instance(INSTANCE), onShutdown);
    }

    private Lab(SimulatedInstance.Builder instance, ShutdownBehaviour onShutdown) {
        guest = host.add(instance.running().onShutdown(onShutdown).build());
    }

    /** With the instance running on volumes. */
    static Lab onVolumes(ShutdownBehaviour onShutdown) {
        return new Lab(instance(INSTANCE).onVolumes(), onShutdown);
    }

    /** With the instance running and obeying. */
    static Lab running() {
        return new Lab(ShutdownBehaviour.obeys());
    }

    static SimulatedInstance.Builder instance(String name) {
        byte[] noise = new byte[1 << 20];
        new Random(1).nextBytes(noise);
        return SimulatedInstance.named(name)
                .disk("vda", DiskRole.ROOT, ROOT_SIZE)
                .disk("vdb", DiskRole.DATA, DATA_SIZE)
                .content("vda", 4096, "root of the original".getBytes(StandardCharsets.UTF_8))
                .content("vda", 2 << 20, noise)
                .content("vdb", 65536, "data of the original".getBytes(StandardCharsets.UTF_8));
    }

    static ServiceSettings.Builder settings() {
        return ServiceSettings.builder()
                .leaseTtl(Duration.ofSeconds(5))
                .partSize(256 << 10)
                .memory(64 << 20)
                .stopGrace(Duration.ofMillis(300))
                .expiry(ServiceSettings.Expiry.SWEEP)
                .retries(new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(5), 4));
    }

    static SnapshotRequest request() {
        return request(INSTANCE);
    }

    static SnapshotRequest request(String instance) {
        return SnapshotRequest.of(instance)
                .withCodec("zstd")
                .withShutdown(new ShutdownPolicy(Duration.ofMillis(400), Duration.ofMillis(100)));
    }

    SnapshotService service() {
        return service(settings().build(), host, store, catalog);
    }

    SnapshotService service(ServiceSettings settings) {
        return service(settings, host, store, catalog);
    }

    /** Closed with the lab. */
    SnapshotService service(
            ServiceSettings settings, Hypervisor hypervisor, ObjectStore objectStore, SnapshotCatalog records) {
        SnapshotService service = SnapshotService.builder()
                .hypervisor(hypervisor)
                .store(objectStore)
                .catalog(records)
                .settings(settings)
                .clock(clock)
                .build();
        return add(service);
    }

    /** Closes it with the lab. */
    SnapshotService add(SnapshotService service) {
        services.add(service);
        return service;
    }

    Snapshot settled(SnapshotService service, Snapshot snapshot) {
        return service.await(snapshot.id(), SnapshotService.settled(), LONG);
    }

    /** What time does to the leases of dead processes, without letting any pass for the guests. */
    void letLeasesRunOut() {
        catalog.list(Optional.empty(), 1000).items().forEach(record -> {
            LeaseOutcome outcome =
                    catalog.acquire(record.snapshot().id().value(), "somebody else", Duration.ofSeconds(1));
            catalog.release(
                    outcome instanceof LeaseOutcome.Held held ? held.by() : ((LeaseOutcome.Granted) outcome).lease());
        });
    }

    /** As {@link #assertNothingLeft}; what a store still holds of a failed snapshot is removed after it is settled. */
    void awaitNothingLeft(SnapshotId... stored) {
        await().atMost(LONG).untilAsserted(() -> assertNothingLeft(stored));
    }

    /** Everything that may be left behind is not: points in time, unfinished uploads, claims, and objects of given-up snapshots. */
    void assertNothingLeft(SnapshotId... stored) {
        assertThat(host.capture().listHeld()).as("points in time held").isEmpty();
        assertThat(objects.listUploads("", Optional.empty(), 1000).items())
                .as("unfinished uploads")
                .isEmpty();
        assertThat(host.volumes().orElseThrow().listKept())
                .as("kept on volumes")
                .extracting(VolumeSnapshot::snapshot)
                .isSubsetOf(List.of(stored));
        List<String> kept = List.of(stored).stream().map(SnapshotId::value).toList();
        assertThat(objects.list("", Optional.empty(), 1000).items())
                .as("objects of snapshots that are not kept")
                .allMatch(object -> kept.stream().anyMatch(object.key().value()::contains));
        catalog.list(Optional.empty(), 1000).items().forEach(record -> {
            assertThat(record.claim()).as("claim of %s", record.snapshot()).isEmpty();
            assertThat(record.snapshot().obligations())
                    .as("obligations of %s", record.snapshot())
                    .isEmpty();
        });
    }

    @Override
    public void close() {
        store.heal();
        host.faults().clear();
        services.forEach(SnapshotService::close);
    }
}
