package io.stillframe.examples;

import io.stillframe.SnapshotService;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** The whole API in ten lines: build a service, take a snapshot, watch it, list, get, launch and delete. */
public final class TenLines {
    private TenLines() {}

    /**
     * Runs it.
     *
     * @param args hypervisor, store and catalog as URIs, and an instance's name; for example {@code qemu:///system
     *     file:///srv/snapshots file:///srv/snapshots.catalog web-1}
     */
    public static void main(String[] args) {
        run(URI.create(args[0]), URI.create(args[1]), URI.create(args[2]), args[3]);
    }

    static void run(URI host, URI store, URI catalog, String instance) {
        // README: begin
        try (var service = SnapshotService.builder()
                .hypervisor(host)
                .store(store)
                .catalog(catalog)
                .build()) {
            var request =
                    SnapshotRequest.of(instance).withName("before the upgrade").withRetentionDays(7);
            SnapshotId id = service.create(request).id();
            service.watch(id, snapshot -> System.out.println(snapshot.status() + " " + snapshot.progress()));
            service.await(id, SnapshotService.settled(), Duration.ofHours(1));
            service.list(Optional.empty(), 100).items().forEach(snapshot -> System.out.println(snapshot.name()));
            System.out.println(service.get(id).capture());
            service.launch(LaunchRequest.of(id, instance + "-copy"));
            service.delete(id);
        }
        // README: end
    }
}
