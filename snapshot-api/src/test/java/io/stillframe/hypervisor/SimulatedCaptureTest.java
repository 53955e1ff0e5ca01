package io.stillframe.hypervisor;

import io.stillframe.spi.contract.DiskCaptureContract;
import io.stillframe.spi.contract.HypervisorLab;

class SimulatedCaptureTest extends DiskCaptureContract {
    @Override
    protected HypervisorLab openLab() {
        return new SimulatedLab();
    }
}
