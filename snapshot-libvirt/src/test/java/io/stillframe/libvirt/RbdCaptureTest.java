package io.stillframe.libvirt;

import io.stillframe.spi.contract.DiskCaptureContract;
import io.stillframe.spi.contract.HypervisorLab;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/** Holds on volumes keep to the contract of all captures. With {@code -Dstillframe.volumes=all}. */
@EnabledIfSystemProperty(named = "stillframe.volumes", matches = "all")
@ExtendWith(CephCluster.class)
class RbdCaptureTest extends DiskCaptureContract {
    @Override
    protected HypervisorLab openLab() {
        return CephCluster.openLab();
    }
}
