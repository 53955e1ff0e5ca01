package io.stillframe.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.InstanceId;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.Placement;
import io.stillframe.model.Progress;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ManifestTest {
    private static final Snapshot SNAPSHOT = new Snapshot(
            SnapshotId.create(Instant.parse("2026-01-01T00:00:00Z")),
            "näme with \"quotes\"",
            Tenant.ofDefault(),
            new InstanceSummary(new InstanceId("i-1"), "web", "simulated:///"),
            SnapshotStatus.QUEUED,
            Phase.TRANSFERRING,
            new Progress(10, 5, 2),
            Instant.parse("2026-01-01T00:00:00Z"),
            Optional.empty(),
            Retention.ofDays(3),
            Optional.empty(),
            List.of(new DiskSnapshot(
                    "vda",
                    DiskRole.ROOT,
                    "raw",
                    1 << 20,
                    "zstd",
                    Optional.empty(),
                    0,
                    0,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    List.of())),
            List.of(),
            Set.of(Obligation.RELEASE),
            Optional.empty(),
            Optional.empty(),
            Placement.home(),
            Optional.empty());

    @Test
    void comesBackAsItWasWithoutWhatPasses() {
        Manifest manifest = Manifest.of(SNAPSHOT, "<domain>\n…</domain>");
        Manifest read = Manifest.parse(manifest.toBytes().array(), "test");

        assertThat(read).isEqualTo(manifest);
        assertThat(read.snapshot().obligations()).isEmpty();
        assertThat(read.snapshot().progress()).isEqualTo(Progress.none());
        assertThat(read.snapshot().disks()).isEqualTo(SNAPSHOT.disks());
    }

    @Test
    void isTheSameForEveryProcessThatPublishesIt() {
        Snapshot later = SNAPSHOT.toBuilder()
                .progress(new Progress(10, 9, 8))
                .phase(Phase.PUBLISHING)
                .discharged(Obligation.RELEASE)
                .build();
        assertThat(Manifest.of(later, "d").toBytes())
                .isEqualTo(Manifest.of(SNAPSHOT, "d").toBytes());
    }

    @Test
    void everyChangedByteIsNoticed() {
        byte[] bytes = Manifest.of(SNAPSHOT, "definition").toBytes().array();
        for (int i = 0; i < bytes.length; i++) {
            byte[] changed = bytes.clone();
            changed[i] ^= 1;
            assertThatThrownBy(() -> Manifest.parse(changed, "test")).isInstanceOf(SnapshotException.class);
        }
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> Manifest.parse(cut, "test"))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.CORRUPT));
        }
    }

    @Test
    void aNewerVersionIsRefusedAsThat() {
        String text = new String(Manifest.of(SNAPSHOT, "d").toBytes().array(), StandardCharsets.UTF_8);
        byte[] newer = text.replace("\"version\":1,\"length\"", "\"version\":2,\"length\"")
                .getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> Manifest.parse(newer, "test"))
                .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.UNSUPPORTED));
    }
}
