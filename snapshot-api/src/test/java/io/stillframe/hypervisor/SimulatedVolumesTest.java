package io.stillframe.hypervisor;

import io.stillframe.spi.contract.HypervisorLab;
import io.stillframe.spi.contract.VolumeSnapshotsContract;

class SimulatedVolumesTest extends VolumeSnapshotsContract {
    @Override
    protected HypervisorLab openLab() {
        return SimulatedLab.onVolumes();
    }
}
