package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.HypervisorDriver.Feature;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What the kits of a hypervisor's parts share: the lab, a connection, and duties that are discharged after each test. */
abstract class HypervisorContract {
    private final List<CapturePlan> begun = new ArrayList<>();
    private HypervisorLab lab;
    private Hypervisor hypervisor;

    /** Opens the lab; closed after each test. */
    protected abstract HypervisorLab openLab();

    @BeforeEach
    final void connect() {
        lab = openLab();
        hypervisor = lab.connect();
    }

    @AfterEach
    final void disconnect() {
        try {
            begun.forEach(plan -> capture().release(plan, new Cancellation()));
        } finally {
            closeOpened();
        }
    }

    /** A lab that cannot run here skips its tests before there is anything to close. */
    private void closeOpened() {
        if (hypervisor != null) {
            hypervisor.close();
        }
        if (lab != null) {
            lab.close();
        }
    }

    final HypervisorLab lab() {
        return lab;
    }

    final Hypervisor hypervisor() {
        return hypervisor;
    }

    final HypervisorDriver driver() {
        return hypervisor.driver();
    }

    final DiskCapture capture() {
        return hypervisor.capture();
    }

    final void assumeAbility(HypervisorLab.Ability ability) {
        assumeTrue(lab.abilities().contains(ability), () -> "the lab lacks " + ability);
    }

    final void assumeFeature(Feature feature) {
        assumeTrue(driver().features().contains(feature), () -> "the driver lacks " + feature);
    }

    final void assumeNoFeature(Feature feature) {
        assumeFalse(driver().features().contains(feature), () -> "the driver has " + feature);
    }

    final ConditionFactory await() {
        return Awaitility.await()
                .atMost(lab.patience())
                .pollDelay(Duration.ZERO)
                .pollInterval(lab.interval());
    }

    final String newInstance() {
        return lab.newInstance(HypervisorLab.GuestKind.OBEDIENT);
    }

    final String bootedInstance() {
        return bootedInstance(HypervisorLab.GuestKind.OBEDIENT);
    }

    final String bootedInstance(HypervisorLab.GuestKind kind) {
        String name = lab.newInstance(kind);
        lab.boot(name);
        return name;
    }

    final InstanceState observe(String nameOrId) {
        return driver().observe(nameOrId);
    }

    final InstanceId id(String name) {
        return observe(name).id();
    }

    final void awaitPower(String name, PowerState expected) {
        await().until(() -> observe(name).power(), expected::equals);
    }

    /** Begins, and makes sure of the release after the test. */
    final void begin(CapturePlan plan) {
        begun.add(plan);
        capture().begin(plan);
    }

    final void release(CapturePlan plan) {
        capture().release(plan, new Cancellation());
    }

    final void withDisk(CapturePlan plan, String device, Consumer<BlockSource> work) {
        try (BlockSource disk = capture().open(plan, device)) {
            work.accept(disk);
        }
    }

    static void assertFails(SnapshotException.Kind kind, ThrowingCallable call) {
        assertFails(kind, "", call);
    }

    static void assertFails(SnapshotException.Kind kind, String named, ThrowingCallable call) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(call)
                .withMessageContaining(named)
                .matches(e -> e.kind() == kind, "is " + kind);
    }
}
