package io.stillframe.hypervisor;

import io.stillframe.spi.contract.HypervisorDriverContract;
import io.stillframe.spi.contract.HypervisorLab;

class ImageDirectoryDriverTest extends HypervisorDriverContract {
    @Override
    protected HypervisorLab openLab() {
        return new ImageDirectoryLab();
    }
}
