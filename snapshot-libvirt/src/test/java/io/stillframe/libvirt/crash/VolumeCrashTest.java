package io.stillframe.libvirt.crash;

import io.stillframe.libvirt.CephCluster;
import io.stillframe.libvirt.Lab;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * As {@link EngineCrashTest}, of a guest on volumes of Ceph whose snapshots are kept on them. At all points with
 * {@code -Dstillframe.volume-crash=all}, with another value at those whose name in the table that is printed contains it.
 */
@ExtendWith(CephCluster.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VolumeCrashTest {
    private CrashBench bench;

    @BeforeAll
    void boot() {
        bench = CrashBench.onVolumes(
                Lab.open(),
                URI.create(Lab.URI),
                "rbd-crash-" + ProcessHandle.current().pid(),
                CephCluster.POOL);
    }

    @AfterAll
    void remove() {
        if (bench != null) {
            bench.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "VOLUME|AFTER capture: VolumeSnapshots.keep#1",
                "VOLUME_LAUNCH|AFTER caller: VolumeSnapshots.cloneDisks#1",
                "VOLUME_DELETE|AFTER caller: VolumeSnapshots.remove REFUSE#1",
            })
    void theEngineIsKilled(String place) {
        KillMatrix.runOne(bench, EngineCrashTest.order(place));
    }

    @Test
    @EnabledIfSystemProperty(named = "stillframe.volume-crash", matches = ".+")
    void theEngineIsKilledAtEveryPoint() {
        KillMatrix.run(bench, orders(System.getProperty("stillframe.volume-crash", "all")));
    }

    private List<Order> orders(String wish) {
        List<Order> orders = new ArrayList<>();
        for (Work work : Work.values()) {
            if (work.onVolumes()) {
                new CrashPlan(work, bench.dryRun(work))
                        .kills().stream()
                                .filter(order ->
                                        wish.equals("all") || order.toString().contains(wish))
                                .forEach(orders::add);
            }
        }
        return orders;
    }
}
