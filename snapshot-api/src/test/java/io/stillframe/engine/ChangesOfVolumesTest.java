package io.stillframe.engine;

import static io.stillframe.engine.ChangesLab.MIB;
import static io.stillframe.engine.ChangesLab.assertReads;
import static io.stillframe.engine.ChangesLab.changes;
import static io.stillframe.engine.ChangesLab.copied;
import static io.stillframe.engine.ChangesLab.disk;
import static io.stillframe.engine.ChangesLab.noise;
import static io.stillframe.engine.ChangesLab.pointedInto;
import static io.stillframe.engine.ChangesLab.taken;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.Keep;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotRequest;
import org.junit.jupiter.api.Test;

/** Snapshots that store what volumes tell to have changed. */
class ChangesOfVolumesTest {
    @Test
    void ofVolumesOnlyWhatTheyTellIsRead() {
        try (Lab lab = VolumeSnapshotTest.lab()) {
            SnapshotService service = lab.service();
            SnapshotRequest request = changes().withKeep(Keep.BOTH);
            Snapshot first = taken(lab, service, request);
            RegionLab.awaitWhole(service, first.id());
            lab.guest.write("vda", MIB, noise(2));
            Snapshot second = taken(lab, service, request);
            RegionLab.awaitWhole(service, second.id());

            Snapshot stored = service.get(second.id());
            assertThat(disk(stored, "vda").older()).containsExactly(pointedInto(service.get(first.id()), "vda"));
            assertThat(disk(stored, "vda").bytesRead()).isEqualTo(MIB);
            assertThat(disk(stored, "vdb").bytesRead()).isZero();
            service.delete(first.id());
            assertReads(lab, service, stored);
            service.delete(second.id());
            lab.awaitNothingLeft();
        }
    }

    @Test
    void whatIsStoredAnewFromVolumesIsBuiltOnNothing() {
        try (RegionLab regions = new RegionLab(VolumeSnapshotTest.lab())) {
            Lab lab = regions.lab;
            SnapshotService service = regions.service();
            SnapshotRequest request = changes().withKeep(Keep.VOLUMES);
            lab.guest.write("vda", MIB, noise(2));
            copied(service, taken(lab, service, request), "eu", "us");
            lab.guest.write("vda", MIB, new byte[MIB]);
            copied(service, taken(lab, service, request), "eu", "us");
            Snapshot third = taken(lab, service, request);
            copied(service, third, "eu");
            assertThat(disk(service.get(third.id()), "vda").older()).hasSize(1);

            regions.down("eu");
            service.removeCopy(third.id(), "eu");
            service.addCopy(third.id(), "us");
            service.await(
                    third.id(), s -> s.replica("us").filter(Replica::isComplete).isPresent(), Lab.LONG);

            assertReads(lab, service, service.get(third.id()));
            assertThat(disk(service.get(third.id()), "vda").older()).isEmpty();
        }
    }
}
