package io.stillframe.hypervisor;

import io.stillframe.spi.contract.HypervisorLab;
import io.stillframe.spi.contract.LaunchContract;

class SimulatedLaunchTest extends LaunchContract {
    @Override
    protected HypervisorLab openLab() {
        return new SimulatedLab();
    }
}
