package io.stillframe.spi;

import io.stillframe.model.InstanceId;
import java.util.List;
import java.util.Optional;

/**
 * An instance as observed at one moment.
 *
 * @param id lasting identity
 * @param name current name
 * @param power whether it runs
 * @param boot identity of the current boot; empty exactly when it is off
 * @param stopCause why it is off; empty exactly when it is not off
 * @param persistence whether its definition outlives its power-off
 * @param disks its writable disks in the order of its definition
 * @param definition the hypervisor's own description, opaque to all others, without secrets; kept with the snapshot, so that new
 *     instances can be launched when the original is gone
 */
public record InstanceState(
        InstanceId id,
        String name,
        PowerState power,
        Optional<BootId> boot,
        Optional<StopCause> stopCause,
        Persistence persistence,
        List<InstanceDisk> disks,
        String definition) {
    /** Whether a definition outlives its instance's power-off. */
    public enum Persistence {
        PERSISTENT,
        /** Vanishes at power-off, and so must never be shut down for a snapshot. */
        TRANSIENT
    }

    public InstanceState {
        disks = List.copyOf(disks);
        if (boot.isPresent() == (power == PowerState.OFF)) {
            throw new IllegalArgumentException("instance " + name + " is " + power + " with boot identity " + boot);
        }
    }

    public boolean isOff() {
        return power == PowerState.OFF;
    }
}
