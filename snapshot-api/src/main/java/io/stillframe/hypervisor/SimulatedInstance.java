package io.stillframe.hypervisor;

import io.stillframe.model.DiskRole;
import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.InstanceState.Persistence;
import io.stillframe.spi.PowerState;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An instance to be added to a {@link SimulatedHypervisor}. Immutable. */
public final class SimulatedInstance {
    private final String name;
    private final Map<String, Disk> disks;
    private final Persistence persistence;
    private final PowerState power;
    private final ShutdownBehaviour onShutdown;
    private final AgentBehaviour agent;
    private final List<String> uncopyable;
    private final boolean onVolumes;

    private SimulatedInstance(Builder from) {
        this.name = from.name;
        Map<String, Disk> copies = new LinkedHashMap<>();
        from.disks.forEach((device, disk) -> copies.put(device, disk.copy()));
        this.disks = copies;
        this.persistence = from.persistence;
        this.power = from.power;
        this.onShutdown = from.onShutdown;
        this.agent = from.agent;
        this.uncopyable = List.copyOf(from.uncopyable);
        this.onVolumes = from.onVolumes;
    }

    /** Starts with: no disks, persistent, off, obeys the first shutdown event, no agent. */
    public static Builder named(String name) {
        return new Builder(name);
    }

    String name() {
        return name;
    }

    Map<String, Disk> disks() {
        return disks;
    }

    Persistence persistence() {
        return persistence;
    }

    PowerState power() {
        return power;
    }

    ShutdownBehaviour onShutdown() {
        return onShutdown;
    }

    AgentBehaviour agent() {
        return agent;
    }

    Optional<String> uncopyable() {
        return uncopyable.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", uncopyable));
    }

    boolean onVolumes() {
        return onVolumes;
    }

    record Disk(DiskRole role, String format, PagedDisk content) {
        Disk copy() {
            return new Disk(role, format, new PagedDisk(content.size(), content.content()));
        }
    }

    /** Collects an instance's properties. Not safe for use by several threads. */
    public static final class Builder {
        private final String name;
        private final Map<String, Disk> disks = new LinkedHashMap<>();
        private final List<String> uncopyable = new ArrayList<>();
        private Persistence persistence = Persistence.PERSISTENT;
        private PowerState power = PowerState.OFF;
        private boolean onVolumes;
        private ShutdownBehaviour onShutdown = ShutdownBehaviour.obeys();
        private AgentBehaviour agent = AgentBehaviour.ABSENT;

        private Builder(String name) {
            this.name = Names.instance(name);
        }

        /** Adds a disk of zeros, declared as raw. */
        public Builder disk(String device, DiskRole role, long size) {
            return disk(device, role, size, "raw");
        }

        /**
         * Adds a disk of zeros.
         *
         * @param size bytes as the guest sees them, more than 0
         * @param format the declared format
         */
        public Builder disk(String device, DiskRole role, long size, String format) {
            Names.device(device);
            Names.token("a disk's format", format);
            if (disks.putIfAbsent(device, new Disk(role, format, PagedDisk.empty(size))) != null) {
                throw SnapshotException.invalid("instance " + name + " has a disk " + device + " already");
            }
            return this;
        }

        Builder disk(String device, DiskRole role, PagedDisk content) {
            disks.put(device, new Disk(role, "raw", content));
            return this;
        }

        /** Sets what a disk holds from the start. */
        public Builder content(String device, long position, byte[] bytes) {
            Disk disk = disks.get(device);
            if (disk == null) {
                throw SnapshotException.notFound(
                        "instance " + name + " has no disk " + device + ", only " + disks.keySet());
            }
            disk.content().write(position, ByteBuffer.wrap(bytes));
            return this;
        }

        /** Started as soon as it is added. */
        public Builder running() {
            power = PowerState.RUNNING;
            return this;
        }

        /** Its disks are volumes on block storage, so that its snapshots can stay there. */
        public Builder onVolumes() {
            onVolumes = true;
            return this;
        }

        /** Vanishes at power-off; implies that it runs. */
        public Builder vanishesAtPowerOff() {
            persistence = Persistence.TRANSIENT;
            return running();
        }

        public Builder onShutdown(ShutdownBehaviour value) {
            onShutdown = value;
            return this;
        }

        public Builder agent(AgentBehaviour value) {
            agent = value;
            return this;
        }

        /** Adds something that cannot be copied, e.g. a passed-through device, so that launches from it are UNSUPPORTED. */
        public Builder uncopyable(String what) {
            uncopyable.add(Names.label("something that cannot be copied", what));
            return this;
        }

        /**
         * @throws SnapshotException INVALID without a disk
         */
        public SimulatedInstance build() {
            if (disks.isEmpty()) {
                throw SnapshotException.invalid("instance " + name + " needs at least one disk");
            }
            return new SimulatedInstance(this);
        }
    }
}
