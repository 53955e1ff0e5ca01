package io.stillframe.libvirt.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.libvirt.internal.domain.CephAccess;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.ImageLayer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HoldPartsTest {
    private static final SnapshotId SNAPSHOT = SnapshotId.create(Instant.EPOCH);
    private static final InstanceId INSTANCE = new InstanceId("11111111-1111-1111-1111-111111111111");
    private static final CapturePlan OVERLAY = overlay();
    private static final CapturePlan VOLUME = volume();

    @Test
    void aPlanOfBothComesApartAgain() {
        CapturePlan both = new HoldParts(Optional.of(OVERLAY), Optional.of(VOLUME)).toPlan(List.of("vda", "vdb"));

        assertThat(both.disks()).extracting(CapturePlan.Disk::device).containsExactly("vda", "vdb");
        assertThat(HoldParts.of(both)).isEqualTo(new HoldParts(Optional.of(OVERLAY), Optional.of(VOLUME)));
    }

    @Test
    void aPlanOfOneIsThatOne() {
        assertThat(HoldParts.of(OVERLAY).toPlan(List.of())).isEqualTo(OVERLAY);
        assertThat(HoldParts.of(VOLUME).toPlan(List.of())).isEqualTo(VOLUME);
        assertThat(HoldParts.of(OVERLAY).and(HoldParts.of(VOLUME)).devices()).containsExactly("vda", "vdb");
    }

    @Test
    void heldAndKeptAreToldByTheirNames() {
        VolumePlan plan = VolumePlan.of(VOLUME);

        assertThat(VolumePlan.nameOf(plan.held())).contains(new VolumePlan.Name(SNAPSHOT, false));
        assertThat(VolumePlan.nameOf(plan.kept())).contains(new VolumePlan.Name(SNAPSHOT, true));
        assertThat(VolumePlan.nameOf("nightly")).isEmpty();
        assertThat(VolumePlan.nameOf("stillframe-nightly")).isEmpty();
    }

    private static CapturePlan overlay() {
        OverlayPlan.Disk disk = new OverlayPlan.Disk(
                "vdb",
                Path.of("/d.stillframe-" + SNAPSHOT),
                1 << 20,
                List.of(new ImageLayer("/d", "raw")),
                Optional.empty(),
                Optional.empty());
        return new CapturePlan(
                SNAPSHOT,
                INSTANCE,
                List.of(new CapturePlan.Disk("vdb", DiskRole.DATA, "raw", 1 << 20)),
                new OverlayPlan(SNAPSHOT, INSTANCE, List.of(disk)).toState());
    }

    private static CapturePlan volume() {
        RbdVolume volume = RbdVolume.parse(CephAccess.ofConfiguration(), "pool/image");
        return new CapturePlan(
                SNAPSHOT,
                INSTANCE,
                List.of(new CapturePlan.Disk("vda", DiskRole.ROOT, "raw", 2 << 20)),
                new VolumePlan(SNAPSHOT, INSTANCE, List.of(new VolumePlan.Disk("vda", volume, 2 << 20))).toState());
    }
}
