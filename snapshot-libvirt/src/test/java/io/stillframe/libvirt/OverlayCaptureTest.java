package io.stillframe.libvirt;

import io.stillframe.spi.contract.DiskCaptureContract;
import io.stillframe.spi.contract.HypervisorLab;

class OverlayCaptureTest extends DiskCaptureContract {
    @Override
    protected HypervisorLab openLab() {
        return new LibvirtLab("--chain", "1", "--data-size", "64M", "--data-format", "raw");
    }
}
