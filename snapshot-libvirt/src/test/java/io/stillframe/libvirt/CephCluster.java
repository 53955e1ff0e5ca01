package io.stillframe.libvirt;

import java.nio.file.Files;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The lab's Ceph cluster with a pool of volumes for tests. Where it does not run it is started, and stopped again after all tests. Where
 * it cannot run, tests are skipped with a message; the environment says more as it does of {@link Lab}.
 */
public final class CephCluster implements ExecutionCondition {
    public static final String POOL = "rbd-test";

    private static final String[] VOLUMES = {
        "--root-rbd", POOL, "--data-rbd", POOL, "--data-size", "64M", "--data-format", "raw"
    };

    /** The lab with a guest whose disks are volumes of the pool; closed by the caller. */
    static LibvirtLab openLab() {
        return LibvirtLab.onVolumes(POOL, VOLUMES);
    }

    /** A guest whose disks are volumes of the pool; removed by the caller. */
    static LabGuest createGuest(Lab lab, String name) {
        return LabGuest.create(lab, name, VOLUMES);
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (Lab.wish().equals("off")) {
            return ConditionEvaluationResult.disabled("STILLFRAME_LAB_TESTS is off");
        }
        Lab.open();
        Optional<String> obstacle = context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .computeIfAbsent(CephCluster.class, type -> Running.start(), Running.class)
                .obstacle();
        if (obstacle.isPresent() && Lab.isRequired()) {
            throw new AssertionError("the lab's volumes are required but cannot be had: " + obstacle.get());
        }
        return obstacle.map(
                        reason -> ConditionEvaluationResult.disabled("the lab's volumes cannot be had here: " + reason))
                .orElseGet(() -> ConditionEvaluationResult.enabled("the lab's Ceph runs"));
    }

    /** One cluster for all tests of this process. */
    private record Running(Optional<String> obstacle, boolean startedHere) implements AutoCloseable {
        static Running start() {
            boolean ranBefore = Files.exists(Lab.state().resolve("run/ceph.env"));
            Lab.Outcome up = Lab.runScript("stores/rbd-up.sh", POOL);
            return new Running(
                    up.status() == 0
                            ? Optional.empty()
                            : Optional.of(up.output().strip()),
                    !ranBefore);
        }

        @Override
        public void close() {
            if (startedHere && obstacle.isEmpty()) {
                Lab.runScript("stores/ceph-down.sh");
            }
        }
    }
}
