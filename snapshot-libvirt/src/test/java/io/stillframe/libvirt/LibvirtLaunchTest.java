package io.stillframe.libvirt;

import io.stillframe.spi.contract.HypervisorLab;
import io.stillframe.spi.contract.LaunchContract;

class LibvirtLaunchTest extends LaunchContract {
    @Override
    protected HypervisorLab openLab() {
        return new LibvirtLab("--root-format", "qcow2", "--data-size", "64M", "--data-format", "raw");
    }
}
