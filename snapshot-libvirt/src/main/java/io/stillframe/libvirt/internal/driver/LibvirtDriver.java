package io.stillframe.libvirt.internal.driver;

import io.stillframe.libvirt.LibvirtOptions;
import io.stillframe.libvirt.internal.connection.DomainHandle;
import io.stillframe.libvirt.internal.connection.LibvirtFailure;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.rbd.CephSession;
import io.stillframe.model.InstanceId;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.FreezeOutcome;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.Subscription;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.libvirt.Domain;

/** {@link HypervisorDriver} on libvirt. Commands that wait for another one on the same domain are given up after 30 s. */
public final class LibvirtDriver implements HypervisorDriver {
    private final LibvirtSession session;
    private final InstanceObserver observer;
    private final GuestFreeze freeze;
    private final Launches launches;

    /**
     * @param session closed by its owner
     * @param ceph closed by its owner
     * @param options where launched disks go
     */
    public LibvirtDriver(LibvirtSession session, CephSession ceph, LibvirtOptions options) {
        this.session = session;
        this.observer = new InstanceObserver(session, ceph);
        this.freeze = new GuestFreeze(session);
        this.launches = new Launches(session, new NewDisks(ceph, options));
    }

    /** Launches by clones of volumes. */
    public CloneLaunches cloneLaunches() {
        return new CloneLaunches(launches);
    }

    @Override
    public Set<Feature> features() {
        return EnumSet.allOf(Feature.class);
    }

    @Override
    public InstanceState observe(String nameOrId) {
        return observer.observe(session.resolve(nameOrId).orElseThrow(() -> unknown(nameOrId)));
    }

    private SnapshotException unknown(String nameOrId) {
        List<String> closest = ClosestNames.to(nameOrId, session.names());
        return SnapshotException.notFound("there is no instance '" + nameOrId + "'; "
                + (closest.isEmpty() ? "this hypervisor has none" : "the closest are " + closest));
    }

    @Override
    public void requestShutdown(InstanceId instance) {
        session.change(instance, "send a shutdown event to " + instance, domain -> {
            if (domain.isActive()) {
                unlessOff(domain, domain::pressPowerButton);
            }
        });
    }

    @Override
    public void forceOff(InstanceId instance) {
        session.change(instance, "stop " + instance, domain -> {
            if (domain.isActive()) {
                unlessOff(domain, domain::destroy);
            } else if (domain.hasSavedMemory()) {
                throw SnapshotException.unsupported("instance " + domain.name()
                        + " is off with its memory saved, which a hard stop would throw away; start it first,"
                        + " or drop the memory with virsh managedsave-remove");
            }
        });
    }

    @Override
    public void powerOn(InstanceId instance) {
        session.change(instance, "start " + instance, LibvirtDriver::powerOn);
    }

    @Override
    public FreezeOutcome freeze(InstanceId instance, Duration deadline) {
        return freeze.freeze(instance, deadline);
    }

    @Override
    public void thaw(InstanceId instance) {
        freeze.thaw(instance);
    }

    @Override
    public Subscription watch(InstanceId instance, Runnable onChange) {
        return session.watch(instance, onChange);
    }

    @Override
    public LaunchPlan planLaunch(LaunchSpec spec) {
        return launches.plan(spec);
    }

    @Override
    public BlockTarget createDisk(LaunchPlan plan, String device) {
        return launches.createDisk(plan, device);
    }

    @Override
    public LaunchedInstance completeLaunch(LaunchPlan plan) {
        return launches.complete(plan);
    }

    @Override
    public void discardLaunch(LaunchPlan plan) {
        launches.discard(plan);
    }

    private interface Command {
        void run() throws LibvirtFailure;
    }

    private static void powerOn(DomainHandle domain) throws LibvirtFailure {
        int state = domain.state().state();
        switch (state) {
            case DomainStates.SHUTOFF -> start(domain);
            case DomainStates.PAUSED -> domain.resume();
            case DomainStates.PM_SUSPENDED -> domain.wakeUp();
            case DomainStates.CRASHED -> {
                domain.destroy();
                start(domain);
            }
            default -> {
                // runs already
            }
        }
    }

    private static void start(DomainHandle domain) throws LibvirtFailure {
        try {
            domain.create(Domain.CreateFlags.FORCE_BOOT);
        } catch (LibvirtFailure failure) {
            if (!domain.isActive()) {
                throw failure;
            }
        }
    }

    /** A domain that went off by itself meanwhile needs nothing more. */
    private static void unlessOff(DomainHandle domain, Command command) throws LibvirtFailure {
        try {
            command.run();
        } catch (LibvirtFailure failure) {
            if (!domain.endedUnder(failure)) {
                throw failure;
            }
        }
    }
}
