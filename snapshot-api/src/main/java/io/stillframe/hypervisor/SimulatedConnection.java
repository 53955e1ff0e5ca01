package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.Subscription;
import io.stillframe.spi.VolumeSnapshots;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** One connection to a simulated host. */
final class SimulatedConnection implements Hypervisor {
    private final String uri;
    private final SimulatedHost host;
    private final HypervisorDriver driver;
    private final DiskCapture capture;
    private final VolumeSnapshots volumes;
    private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    SimulatedConnection(String uri, SimulatedHost host) {
        this.uri = uri;
        this.host = host;
        this.driver = new SimulatedDriver(this, host);
        this.capture = new SimulatedCapture(this, host);
        this.volumes = new SimulatedVolumes(this, driver, host);
    }

    @Override
    public String uri() {
        return uri;
    }

    @Override
    public HypervisorDriver driver() {
        return driver;
    }

    @Override
    public DiskCapture capture() {
        return capture;
    }

    @Override
    public Optional<VolumeSnapshots> volumes() {
        return Optional.of(volumes);
    }

    @Override
    public void close() {
        closed = true;
        subscriptions.forEach(Subscription::close);
        subscriptions.clear();
    }

    <T> T call(SimulatedOperation operation, String subject, Supplier<T> effect) {
        return call(operation, subject, new Cancellation(), effect);
    }

    <T> T call(SimulatedOperation operation, String subject, Cancellation cancellation, Supplier<T> effect) {
        if (closed) {
            throw SnapshotException.permanent("this connection to " + uri + " is closed", null);
        }
        return host.call(operation, subject, cancellation, effect);
    }

    void run(SimulatedOperation operation, String subject, Runnable effect) {
        call(operation, subject, () -> {
            effect.run();
            return this;
        });
    }

    /** A subscription that ends with this connection at the latest. */
    Subscription own(Subscription inner) {
        subscriptions.add(inner);
        return () -> {
            inner.close();
            subscriptions.remove(inner);
        };
    }
}
