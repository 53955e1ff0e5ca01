package io.stillframe.libvirt.crash;

import io.stillframe.libvirt.LabGuest;
import java.util.Set;

/** SIGKILL of the guest's QEMU. */
final class KillQemu implements Harm {
    /** From the first event to the power-on the instance is owed its power; a crash at another time is its own. */
    private static final Set<String> POWER_OWED = Set.of(
            "shutdown-event", "requestShutdown", "POWER_ON", "hold", "DiskCapture.begin", "HypervisorDriver.powerOn");

    private final LabGuest guest;
    private boolean done;

    KillQemu(LabGuest guest) {
        this.guest = guest;
    }

    @Override
    public void begin() {
        guest.kill();
        guest.awaitOff();
        done = true;
    }

    @Override
    public boolean isDone() {
        return done;
    }

    @Override
    public boolean mayStopGuest(Order order) {
        String call = order.at().orElseThrow().call();
        return !(order.work().stops()
                && call.startsWith("capture")
                && POWER_OWED.stream().anyMatch(call::contains));
    }

    @Override
    public String toString() {
        return "QEMU: ";
    }
}
