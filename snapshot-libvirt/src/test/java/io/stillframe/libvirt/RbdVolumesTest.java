package io.stillframe.libvirt;

import io.stillframe.spi.contract.HypervisorLab;
import io.stillframe.spi.contract.VolumeSnapshotsContract;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(CephCluster.class)
class RbdVolumesTest extends VolumeSnapshotsContract {
    @Override
    protected HypervisorLab openLab() {
        return CephCluster.openLab();
    }
}
