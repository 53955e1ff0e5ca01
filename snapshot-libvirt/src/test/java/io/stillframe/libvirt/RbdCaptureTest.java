package io.stillframe.libvirt;

import io.stillframe.spi.contract.DiskCaptureContract;
import io.stillframe.spi.contract.HypervisorLab;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(CephCluster.class)
class RbdCaptureTest extends DiskCaptureContract {
    @Override
    protected HypervisorLab openLab() {
        return LibvirtLab.onVolumes(
                CephCluster.POOL,
                "--root-rbd",
                CephCluster.POOL,
                "--data-rbd",
                CephCluster.POOL,
                "--data-size",
                "64M",
                "--data-format",
                "raw");
    }
}
