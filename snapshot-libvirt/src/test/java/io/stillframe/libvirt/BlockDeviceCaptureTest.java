package io.stillframe.libvirt;

import io.stillframe.spi.contract.DiskCaptureContract;
import io.stillframe.spi.contract.HypervisorLab;

class BlockDeviceCaptureTest extends DiskCaptureContract {
    @Override
    protected HypervisorLab openLab() {
        return new LibvirtLab(
                "--root-format", "raw", "--root-block", "--data-size", "64M", "--data-format", "raw", "--data-block");
    }
}
