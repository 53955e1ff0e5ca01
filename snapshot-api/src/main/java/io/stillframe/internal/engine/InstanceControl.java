package io.stillframe.internal.engine;

import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import java.util.Optional;
import java.util.function.Predicate;

/** One instance's power and file systems: a command whose outcome is in doubt is resolved by looking at the instance. */
final class InstanceControl {
    private final HypervisorDriver driver;
    private final InstanceId id;

    InstanceControl(HypervisorDriver driver, InstanceId id) {
        this.driver = driver;
        this.id = id;
    }

    InstanceId id() {
        return id;
    }

    HypervisorDriver driver() {
        return driver;
    }

    InstanceState observe() {
        return driver.observe(id.value());
    }

    /** The instance, unless it exists no more. */
    Optional<InstanceState> observeIfExists() {
        try {
            return Optional.of(observe());
        } catch (SnapshotException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    void powerOn() {
        settle(() -> driver.powerOn(id), state -> state.power() == PowerState.RUNNING);
    }

    void forceOff() {
        settle(() -> driver.forceOff(id), InstanceState::isOff);
    }

    /** Thaws it; an instance that is off has nothing frozen. */
    void thaw() {
        settle(() -> driver.thaw(id), InstanceState::isOff);
    }

    private void settle(Runnable command, Predicate<InstanceState> done) {
        try {
            command.run();
        } catch (SnapshotException e) {
            if (!isNow(done, e)) {
                throw e;
            }
        }
    }

    private boolean isNow(Predicate<InstanceState> done, SnapshotException primary) {
        try {
            return done.test(observe());
        } catch (SnapshotException secondary) {
            primary.addSuppressed(secondary);
            return false;
        }
    }
}
