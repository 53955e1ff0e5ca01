package io.stillframe.libvirt;

import io.stillframe.spi.contract.HypervisorDriverContract;
import io.stillframe.spi.contract.HypervisorLab;

class LibvirtDriverTest extends HypervisorDriverContract {
    @Override
    protected HypervisorLab openLab() {
        return new LibvirtLab("--root-format", "raw", "--data-size", "64M", "--data-format", "raw");
    }
}
