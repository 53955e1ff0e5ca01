package io.stillframe.benchmarks.lifecycle;

import io.stillframe.SnapshotService;
import io.stillframe.model.InstanceId;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Phase;
import io.stillframe.model.Placement;
import io.stillframe.model.Progress;
import io.stillframe.model.Replica;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.UploadOptions;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How late expired snapshots are gone: {@code RetentionAccuracy CATALOG-URI STORE-URI [SNAPSHOTS [SECONDS]]} lets 1,000 of them expire
 * over 60 s, as they would after a day, and prints how long after its expiry each one's record, the last thing of it, was removed.
 */
public final class RetentionAccuracy {
    private static final Duration AHEAD = Duration.ofSeconds(5);
    private static final Duration TTL = Duration.ofSeconds(15);
    private static final long BAR_MILLIS = 1000;

    private final Map<SnapshotId, Instant> expiries = new ConcurrentHashMap<>();
    private final Map<SnapshotId, Duration> lateness = new ConcurrentHashMap<>();

    private RetentionAccuracy() {}

    /** Measures; exits with 1 if one was late by more than a second. */
    public static void main(String[] args) throws InterruptedException {
        int snapshots = args.length > 2 ? Integer.parseInt(args[2]) : 1000;
        int seconds = args.length > 3 ? Integer.parseInt(args[3]) : 60;
        RetentionAccuracy run = new RetentionAccuracy();
        long[] millis;
        try (SnapshotCatalog catalog = Plugins.catalog(URI.create(args[0]));
                ObjectStore store = Plugins.store(URI.create(args[1]))) {
            millis = run.measure(catalog, store, snapshots, Duration.ofSeconds(seconds));
        }
        System.out.printf(
                Locale.ROOT,
                "%d expiries over %d s: median %d ms late, 99 %% %d ms, max %d ms, earliest %d ms%n",
                millis.length,
                seconds,
                millis[millis.length / 2],
                millis[millis.length * 99 / 100],
                millis[millis.length - 1],
                millis[0]);
        System.exit(millis[millis.length - 1] <= BAR_MILLIS && millis[0] >= 0 ? 0 : 1);
    }

    private long[] measure(SnapshotCatalog catalog, ObjectStore store, int snapshots, Duration over)
            throws InterruptedException {
        Duration creating = Duration.ofMillis(40L * snapshots);
        Instant first = Instant.now().plus(creating).plus(AHEAD);
        for (int i = 0; i < snapshots; i++) {
            create(catalog, store, first.plus(over.multipliedBy(i).dividedBy(snapshots)));
        }
        SnapshotService.Builder builder = SnapshotService.builder().store(store).catalog(observed(catalog));
        try (SnapshotService service = builder.build()) {
            Instant end = first.plus(over).plusSeconds(60);
            while (lateness.size() < snapshots && Instant.now().isBefore(end)) {
                Thread.sleep(200);
            }
            if (lateness.size() < snapshots) {
                throw new IllegalStateException(
                        service.list(Optional.empty(), 1).items() + " and others were not removed");
            }
        }
        return lateness.values().stream().mapToLong(Duration::toMillis).sorted().toArray();
    }

    private void create(SnapshotCatalog catalog, ObjectStore store, Instant expiry) {
        Instant completed = expiry.minus(Duration.ofDays(1));
        SnapshotId id = SnapshotId.create(completed);
        expiries.put(id, expiry);
        Snapshot snapshot = new Snapshot(
                id,
                "nightly",
                Tenant.ofDefault(),
                new InstanceSummary(new InstanceId("vm"), "vm", "qemu:///system"),
                SnapshotStatus.AVAILABLE,
                Phase.DONE,
                Progress.none(),
                completed,
                Optional.of(completed),
                Retention.ofDays(1),
                Optional.empty(),
                List.of(),
                List.of(new Replica(
                        "home", store.uri(), Replica.State.COMPLETE, Optional.of(completed), Optional.empty())),
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                Placement.home(),
                Optional.empty());
        for (String name : List.of("vda.pack", "manifest.json")) {
            store.put(
                    ObjectKey.of("snapshots/" + id + "/" + name),
                    ByteBuffer.allocate(4096),
                    PublishMode.CREATE_IF_ABSENT,
                    UploadOptions.ofDefaults());
        }
        catalog.release(catalog.create(CatalogRecord.first(snapshot, Optional.empty(), Map.of()), "benchmark", TTL));
    }

    /** The catalog, which notes when a record was removed. */
    private SnapshotCatalog observed(SnapshotCatalog catalog) {
        return (SnapshotCatalog) Proxy.newProxyInstance(
                SnapshotCatalog.class.getClassLoader(),
                new Class<?>[] {SnapshotCatalog.class},
                (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(catalog, arguments);
                        if (method.getName().equals("remove")) {
                            SnapshotId id = (SnapshotId) arguments[0];
                            Instant expiry = expiries.getOrDefault(id, Instant.MIN);
                            lateness.put(id, Duration.between(expiry, Instant.now()));
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
