package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.Replica;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import io.stillframe.store.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The lab with three regions, eu, us and ap, in one jurisdiction each. */
final class RegionLab implements AutoCloseable {
    static final List<String> REGIONS = List.of("eu", "us", "ap");

    final Lab lab;
    private final Map<String, FaultInjectingStore> stores = new LinkedHashMap<>();

    RegionLab() {
        this(Lab.running());
    }

    RegionLab(Lab lab) {
        this.lab = lab;
        REGIONS.forEach(name -> stores.put(name, FaultInjectingStore.around(MemoryObjectStore.named(name))));
    }

    static ServiceSettings.Builder settings() {
        return Lab.settings().regionPatience(Lab.LONG);
    }

    /** To all regions, home eu. */
    static SnapshotRequest request() {
        return Lab.request().withRegions("eu", "us", "ap");
    }

    SnapshotService service() {
        return service(settings().build());
    }

    SnapshotService service(ServiceSettings settings) {
        return service(settings, stores);
    }

    /** Closed with the lab. */
    SnapshotService service(ServiceSettings settings, Map<String, ? extends ObjectStore> regions) {
        return service(settings, regions, lab.catalog);
    }

    /** Closed with the lab. */
    SnapshotService service(
            ServiceSettings settings, Map<String, ? extends ObjectStore> regions, SnapshotCatalog catalog) {
        SnapshotService.Builder builder = SnapshotService.builder()
                .hypervisor(lab.host)
                .catalog(catalog)
                .settings(settings)
                .clock(lab.clock);
        regions.forEach((name, store) -> builder.region(name, store, "in-" + name));
        return lab.add(builder.build());
    }

    FaultInjectingStore store(String region) {
        return Optional.ofNullable(stores.get(region)).orElseThrow();
    }

    Map<String, FaultInjectingStore> stores() {
        return stores;
    }

    /** Nothing of the region answers until it is up again. */
    void down(String region) {
        for (Operation operation : Operation.values()) {
            store(region).failAlways(operation, Kind.TRANSIENT);
        }
    }

    void up(String region) {
        store(region).heal();
    }

    /** Until the snapshot's copies are all complete. */
    static Snapshot awaitWhole(SnapshotService service, SnapshotId id) {
        return service.await(id, snapshot -> snapshot.replicas().stream().allMatch(Replica::isComplete), Lab.LONG);
    }

    /** Without the removal's reason to fail: until nothing of the snapshot is anywhere. */
    void awaitGone(SnapshotId id) {
        await().atMost(Lab.LONG).untilAsserted(() -> {
            assertThat(lab.catalog.find(id)).isEmpty();
            REGIONS.forEach(region -> assertThat(objects(region)).as(region).isEmpty());
        });
    }

    /** What a region holds, by key. */
    Map<ObjectKey, ByteBuffer> objects(String region) {
        Map<ObjectKey, ByteBuffer> objects = new TreeMap<>();
        ObjectStore store = store(region);
        for (ObjectStat stat : store.list("", Optional.empty(), 1000).items()) {
            try (ByteSource source = store.open(stat.key())) {
                ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
                source.read(0, bytes);
                objects.put(stat.key(), bytes.flip());
            } catch (SnapshotException e) {
                if (e.kind() != Kind.NOT_FOUND && e.kind() != Kind.CONFLICT) {
                    throw e;
                }
                // Removed since it was listed.
            }
        }
        return objects;
    }

    /** What two regions hold of images and manifests is the same, byte for byte. */
    void assertSame(String one, String other) {
        assertThat(images(other))
                .as("%s as %s", other, one)
                .isEqualTo(images(one))
                .isNotEmpty();
    }

    private Map<ObjectKey, ByteBuffer> images(String region) {
        Map<ObjectKey, ByteBuffer> images = objects(region);
        images.keySet().removeIf(key -> key.value().endsWith("/retention.json"));
        return images;
    }

    static void assertSameDisk(BlockSource expected, BlockSource found) {
        assertThat(found.size()).isEqualTo(expected.size());
        assertThat(bytes(found)).isEqualTo(bytes(expected));
    }

    private static ByteBuffer bytes(BlockSource source) {
        ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
        source.read(0, bytes);
        return bytes.flip();
    }

    static Replica copy(Snapshot snapshot, String region) {
        return snapshot.replica(region).orElseThrow();
    }

    static Kind kindOf(Throwable e) {
        return ((SnapshotException) e).kind();
    }

    @Override
    public void close() {
        stores.values().forEach(FaultInjectingStore::heal);
        lab.close();
    }
}
