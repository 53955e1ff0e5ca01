package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.SnapshotService;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.OlderObject;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Storing;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.store.FaultInjectingStore;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** What the tests of snapshots that store changes share: taking them, looking at them and reading them. */
final class ChangesLab {
    static final int MIB = 1 << 20;

    private ChangesLab() {}

    static SnapshotRequest changes() {
        return Lab.request().withCodec("pack").withStoring(Storing.CHANGES);
    }

    static Snapshot taken(Lab lab, SnapshotService service, SnapshotRequest request) {
        lab.clock.step(Duration.ofSeconds(1));
        Snapshot taken = lab.settled(service, service.create(request));
        assertThat(taken.status()).as("%s", taken.failure()).isEqualTo(SnapshotStatus.AVAILABLE);
        return taken;
    }

    static void copied(SnapshotService service, Snapshot snapshot, String... regions) {
        for (String region : regions) {
            service.addCopy(snapshot.id(), region);
            RegionLab.awaitWhole(service, snapshot.id());
        }
    }

    static DiskSnapshot disk(Snapshot snapshot, String device) {
        return snapshot.disks().stream()
                .filter(disk -> disk.device().equals(device))
                .findFirst()
                .orElseThrow();
    }

    static void assertGone(SnapshotService service, SnapshotId id) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> service.get(id))
                .matches(e -> e.kind() == Kind.NOT_FOUND, "is gone");
    }

    static OlderObject pointedInto(Snapshot older, String device) {
        DiskSnapshot disk = disk(older, device);
        return new OlderObject(disk.object().orElseThrow(), disk.bytesStored(), disk.stored());
    }

    static void assertReads(Lab lab, SnapshotService service, Snapshot snapshot) {
        for (DiskSnapshot disk : snapshot.disks()) {
            try (BlockSource expected = lab.guest.content(disk.device());
                    BlockSource found = service.openDisk(snapshot.id(), disk.device())) {
                RegionLab.assertSameDisk(expected, found);
            }
        }
    }

    static List<String> names(Lab lab, SnapshotId id) {
        String prefix = "snapshots/" + id + "/";
        return lab.objects.list(prefix, Optional.empty(), 100).items().stream()
                .map(object -> object.key().value().substring(prefix.length()))
                .toList();
    }

    static void damage(FaultInjectingStore store, String name) {
        ObjectStat stat = store.list("", Optional.empty(), 1000).items().stream()
                .filter(object -> object.key().value().endsWith(name))
                .findFirst()
                .orElseThrow();
        ByteBuffer bytes = bytes(store, stat.key());
        bytes.put(1000, (byte) ~bytes.get(1000));
        store.put(stat.key(), bytes, PublishMode.REPLACE, UploadOptions.ofDefaults());
    }

    static ByteBuffer bytes(ObjectStore store, ObjectKey key) {
        try (ByteSource source = store.open(key)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
            source.read(0, bytes);
            return bytes.flip();
        }
    }

    static byte[] noise(int seed) {
        byte[] noise = new byte[MIB];
        new Random(seed).nextBytes(noise);
        return noise;
    }
}
