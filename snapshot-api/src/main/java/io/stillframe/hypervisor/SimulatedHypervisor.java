package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.VolumeSnapshots;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A hypervisor in memory, for the tests of control planes: instances with disks, guests that obey, ignore, reboot or crash when they
 * are asked to shut down, agents that answer or hang, points in time that are held while guests write, launches, and faults at any
 * call.
 *
 * <p>It has no threads and never sleeps: guests move within the calls of others, when their {@link SimulatedGuest} is told to, or
 * when the clock has passed what they wait for and somebody calls anything (at the latest {@link #settle()}). Listeners of
 * {@link HypervisorDriver#watch} run on the thread that made the change, before its call returns. Two runs with the same calls in the
 * same order are the same, identities included.
 *
 * <p>It holds every rule of the plugin SPI, and is strict where a real hypervisor would silently give wrong bytes: reading a held
 * disk after its release is refused.
 *
 * <p>This object is the host and a connection to it. Several services ("nodes") may share it, or have a connection each through
 * {@link #connect()}. Safe for use by several threads. Memory: the pages of 4 KiB that guests or launches have written.
 */
public final class SimulatedHypervisor implements Hypervisor {
    private final String uri;
    private final SimulatedHost host;
    private final SimulatedConnection connection;

    private SimulatedHypervisor(Builder from) {
        this.uri = from.uri;
        this.host = new SimulatedHost(from.clock);
        this.connection = new SimulatedConnection(uri, host);
        from.instances.forEach(this::add);
    }

    /** Starts with no instances, the system's clock and the URI {@code simulated:///}. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public String uri() {
        return uri;
    }

    @Override
    public HypervisorDriver driver() {
        return connection.driver();
    }

    @Override
    public DiskCapture capture() {
        return connection.capture();
    }

    @Override
    public Optional<VolumeSnapshots> volumes() {
        return connection.volumes();
    }

    /** Ends this object's own connection; instances, guests and other connections stay. */
    @Override
    public void close() {
        connection.close();
    }

    /**
     * Another connection to the same host.
     *
     * @return closed by the caller
     */
    public Hypervisor connect() {
        return new SimulatedConnection(uri, host);
    }

    /**
     * Adds an instance, as a person at the host would. Its disks are its own.
     *
     * @throws SnapshotException CONFLICT if the name is taken
     */
    public SimulatedGuest add(SimulatedInstance instance) {
        return host.act(() -> new SimulatedGuest(host, host.add(instance).id()));
    }

    /**
     * The instance of that name or identity.
     *
     * @throws SnapshotException NOT_FOUND if there is none (any more)
     */
    public SimulatedGuest guest(String nameOrId) {
        return host.act(() -> new SimulatedGuest(host, host.machine(nameOrId).id()));
    }

    /** The names of all instances, oldest first. */
    public List<String> instances() {
        return host.act(host::names);
    }

    /** What is to go wrong. */
    public SimulatedFaults faults() {
        return host.faults();
    }

    /** The calls that have ended, in the order of their ends, over all connections; at most the last 100,000. */
    public List<SimulatedCall> calls() {
        return host.calls();
    }

    /** Lets guests do what the clock has made due. */
    public void settle() {
        host.run(() -> {});
    }

    /**
     * Kills the hypervisor: running instances crash, and until {@link #restart()} every call of every connection throws TRANSIENT.
     * Disks and held points in time stay.
     */
    public void kill() {
        host.kill();
    }

    /** Starts the hypervisor again after {@link #kill()}; its instances stay off until somebody powers them on. */
    public void restart() {
        host.restart();
    }

    /** How many launches have left disks behind without being complete. */
    public int unfinishedLaunches() {
        return host.act(() -> host.unfinishedLaunches().size());
    }

    /** Collects what is on the host. Not safe for use by several threads. */
    public static final class Builder {
        private final List<SimulatedInstance> instances = new ArrayList<>();
        private String uri = "simulated:///";
        private Clock clock = Clock.systemUTC();

        private Builder() {}

        /** What {@link Hypervisor#uri()} answers. No provider opens it: share the object, or {@link #connect()}. */
        public Builder uri(String value) {
            uri = value;
            return this;
        }

        /** The clock that guests' delays are measured with. */
        public Builder clock(Clock value) {
            clock = value;
            return this;
        }

        public Builder instance(SimulatedInstance value) {
            instances.add(value);
            return this;
        }

        /**
         * @throws SnapshotException CONFLICT if two instances have the same name
         */
        public SimulatedHypervisor build() {
            return new SimulatedHypervisor(this);
        }
    }
}
