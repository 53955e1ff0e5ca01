package io.stillframe.hypervisor;

import io.stillframe.spi.contract.HypervisorDriverContract;
import io.stillframe.spi.contract.HypervisorLab;

class SimulatedDriverTest extends HypervisorDriverContract {
    @Override
    protected HypervisorLab openLab() {
        return new SimulatedLab();
    }
}
