package io.stillframe.hypervisor;

import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.StopCause;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A handle on one simulated instance: what its guest does, and what a person at the host does to it, behind the product's back. Works
 * also while the hypervisor is killed, where that makes sense.
 *
 * <p>Every method throws NOT_FOUND once the instance is deleted or has vanished. Safe for use by several threads.
 */
public final class SimulatedGuest {
    private final SimulatedHost host;
    private final InstanceId id;

    SimulatedGuest(SimulatedHost host, InstanceId id) {
        this.host = host;
        this.id = id;
    }

    public InstanceId id() {
        return id;
    }

    /** The instance as the driver would observe it, without a call that is logged or can fail. */
    public InstanceState state() {
        return ask(host::observe);
    }

    /** Shutdown events that reached the instance while it was not off, over all boots. */
    public long shutdownEvents() {
        return ask(SimulatedMachine::events);
    }

    /** How often it has booted, by power-on or by a reboot of its own. */
    public long bootCount() {
        return ask(SimulatedMachine::bootCount);
    }

    /** Whether its file systems are frozen. */
    public boolean isFrozen() {
        return ask(SimulatedMachine::frozen);
    }

    /**
     * The guest writes, durably.
     *
     * @throws SnapshotException CONFLICT if the guest cannot write now: it is not running, or frozen; INVALID if the range exceeds the
     *     disk
     */
    public void write(String device, long position, byte[] bytes) {
        tell(machine -> {
            checkWriting(machine);
            machine.disk(device).content().write(position, ByteBuffer.wrap(bytes));
        });
    }

    /** What the disk holds now; the returned source stays as it is while the guest writes on. Closed by the caller. */
    public BlockSource content(String device) {
        return ask(machine -> {
            PagedDisk disk = machine.disk(device).content();
            return new PagedSource(disk.size(), disk.content(), () -> {});
        });
    }

    /** A writer of numbered records, first to the root disk and then to the data disk. */
    public SimulatedSequence sequence(String rootDevice, String dataDevice) {
        return new SimulatedSequence(this, rootDevice, dataDevice);
    }

    /** The guest shuts itself down. */
    public void shutDown() {
        tell(machine -> machine.powerOff(StopCause.GUEST));
    }

    /** The guest reboots itself; nothing if it is not running. */
    public void reboot() {
        tell(machine -> {
            if (machine.power() == PowerState.RUNNING) {
                machine.reboot();
            }
        });
    }

    /** The guest or its hypervisor process crashes. */
    public void crash() {
        tell(machine -> machine.powerOff(StopCause.CRASHED));
    }

    /** A person starts it, or resumes it. */
    public void start() {
        tell(machine -> {
            host.checkUp();
            machine.sleep(PowerState.RUNNING);
            machine.powerOn();
        });
    }

    /** A person stops it hard. */
    public void stop() {
        tell(machine -> machine.powerOff(StopCause.FORCED));
    }

    /** A person pauses it; nothing if it is off. */
    public void pause() {
        tell(machine -> machine.sleep(PowerState.PAUSED));
    }

    /** The guest goes to sleep; nothing if it is off. */
    public void suspend() {
        tell(machine -> machine.sleep(PowerState.SUSPENDED));
    }

    /** A person stops it hard and deletes its definition. Its disks' held points in time stay until they are released. */
    public void delete() {
        host.run(() -> host.delete(id));
    }

    /** As {@link #delete()}, and the disks with everything that is held of them. */
    public void deleteWithDisks() {
        host.run(() -> {
            host.delete(id);
            host.holds().values().removeIf(hold -> hold.plan().instance().equals(id));
        });
    }

    /** What the guest does about shutdown events from now on. */
    public void onShutdown(ShutdownBehaviour value) {
        tell(machine -> machine.onShutdown(value));
    }

    /** What the guest's agent does from now on. */
    public void agent(AgentBehaviour value) {
        tell(machine -> machine.agent(value));
    }

    private static void checkWriting(SimulatedMachine machine) {
        if (machine.power() != PowerState.RUNNING || machine.frozen()) {
            throw SnapshotException.conflict("the guest of " + machine.name() + " cannot write: it is "
                    + (machine.frozen() ? "frozen" : machine.power()));
        }
    }

    private <T> T ask(Function<SimulatedMachine, T> question) {
        return host.act(() -> question.apply(host.machine(id)));
    }

    private void tell(Consumer<SimulatedMachine> action) {
        host.run(() -> action.accept(host.machine(id)));
    }
}
