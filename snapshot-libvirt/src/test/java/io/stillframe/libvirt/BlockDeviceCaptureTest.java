package io.stillframe.libvirt;

import io.stillframe.spi.contract.DiskCaptureContract;
import io.stillframe.spi.contract.HypervisorLab;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Instances whose disks are block devices. With {@code -Dstillframe.volumes=all}. */
@EnabledIfSystemProperty(named = "stillframe.volumes", matches = "all")
class BlockDeviceCaptureTest extends DiskCaptureContract {
    @Override
    protected HypervisorLab openLab() {
        return new LibvirtLab(
                "--root-format", "raw", "--root-block", "--data-size", "64M", "--data-format", "raw", "--data-block");
    }
}
