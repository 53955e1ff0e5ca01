package io.stillframe.libvirt;

import io.stillframe.spi.contract.HypervisorLab;
import io.stillframe.spi.contract.LaunchContract;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/** Launches whose new disks are volumes, as their originals'. With {@code -Dstillframe.volumes=all}. */
@EnabledIfSystemProperty(named = "stillframe.volumes", matches = "all")
@ExtendWith(CephCluster.class)
class RbdLaunchTest extends LaunchContract {
    @Override
    protected HypervisorLab openLab() {
        return CephCluster.openLab();
    }
}
