package io.stillframe.libvirt.crash;

import io.stillframe.libvirt.Lab;
import io.stillframe.libvirt.crash.Order.Act;
import io.stillframe.testing.CallPoint;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The engine's process is killed with SIGKILL around every call with an effect, of the catalog, the hypervisor and the store, while it
 * works on a real guest; another node recovers. In every build at a few points; at all that a dry run passes with
 * {@code -Dstillframe.crash=all}, at those of one work with its name, at one with its whole name as in the table that is printed.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EngineCrashTest {
    private CrashBench bench;

    @BeforeAll
    void boot() {
        bench = new CrashBench(
                Lab.open(),
                URI.create(Lab.URI),
                "crash-" + ProcessHandle.current().pid());
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
                "SHUTDOWN|AFTER capture: HypervisorDriver.requestShutdown#1",
                "SHUTDOWN|BEFORE capture: HypervisorDriver.powerOn#1",
                "LIVE|AFTER capture: HypervisorDriver.freeze#1",
                "LIVE|BEFORE transfer: UploadSession.complete vda.pack CREATE_IF_ABSENT#1",
                "LIVE|BEFORE release: DiskCapture.release#1",
                "CHANGES|BEFORE transfer: UploadSession.complete vdb.pack CREATE_IF_ABSENT#1",
                "DELETE_BASE|AFTER caller: ObjectStore.delete [manifest.json]#1",
                "DELETE_LAST|BEFORE caller: SnapshotCatalog.remove#2",
            })
    void theEngineIsKilled(String place) {
        KillMatrix.runOne(bench, order(place));
    }

    @Test
    @EnabledIfSystemProperty(named = "stillframe.crash", matches = ".+")
    void theEngineIsKilledAtEveryPoint() {
        KillMatrix.run(bench, orders(System.getProperty("stillframe.crash", "all")));
    }

    private List<Order> orders(String wish) {
        if (wish.contains("|")) {
            return List.of(order(wish));
        }
        List<Order> orders = new ArrayList<>();
        for (Work work : Work.values()) {
            if (!work.onVolumes() && (wish.equals("all") || wish.equals(work.name()))) {
                orders.addAll(new CrashPlan(work, bench.dryRun(work)).kills());
            }
        }
        return orders;
    }

    static Order order(String place) {
        String[] parts = place.split("\\|");
        long delay = parts.length > 2 ? Long.parseLong(parts[2]) : 0;
        return new Order(Work.valueOf(parts[0]), "", Optional.of(CallPoint.parse(parts[1])), Act.KILL_ENGINE, delay);
    }
}
