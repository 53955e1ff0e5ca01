package io.stillframe.engine;

import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.VolumeSnapshots;
import io.stillframe.testing.PluginCalls;
import io.stillframe.testing.PluginCalls.Call;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Stands between an engine and its plugins and lets every call through but one: the n-th call fails, or from the n-th call on every
 * call dies, as if the process had been killed there. Calls that only tell what a plugin is are not counted.
 */
final class CallGate {
    /** What becomes of the n-th call. */
    enum Fault {
        /** It throws what {@link #failure} gives and has no effect. */
        FAIL_BEFORE,
        /** It has its effect and throws nevertheless. */
        FAIL_AFTER,
        /** The process dies before it has an effect. */
        CRASH_BEFORE,
        /** The process dies after its effect, before it returns. */
        CRASH_AFTER
    }

    /** The death of a process, as far as one thread can see it. */
    static final class Crash extends Error {
        private static final long serialVersionUID = 1L;

        Crash() {
            super("the process is dead");
        }
    }

    private static final Set<String> NOT_COUNTED = Set.of(
            "uri",
            "driver",
            "capture",
            "volumes",
            "canKeep",
            "planKeep",
            "location",
            "name",
            "capabilities",
            "features",
            "size",
            "token",
            "describe",
            "toString",
            "hashCode",
            "equals",
            "extents",
            "detach",
            "arrived",
            "holds");
    private static final Set<Class<?>> HANDED_OUT = Set.of(
            HypervisorDriver.class,
            DiskCapture.class,
            VolumeSnapshots.class,
            UploadSession.class,
            BlockSource.class,
            BlockTarget.class);

    private final PluginCalls plugins = new PluginCalls(HANDED_OUT, this::call);
    private final Fault fault;
    private final Optional<String> only;
    private final int at;
    private final Supplier<RuntimeException> failure;
    private int calls;
    private boolean dead;
    private String hit = "";

    CallGate(Fault fault, int at, Supplier<RuntimeException> failure) {
        this(fault, Optional.empty(), at, failure);
    }

    /** The process dies before the n-th call of one method; no other is counted. */
    static CallGate crashBefore(String method, int at) {
        return new CallGate(Fault.CRASH_BEFORE, Optional.of(method), at, IllegalStateException::new);
    }

    private CallGate(Fault fault, Optional<String> only, int at, Supplier<RuntimeException> failure) {
        this.fault = fault;
        this.only = only;
        this.at = at;
        this.failure = failure;
    }

    Hypervisor around(Hypervisor hypervisor) {
        return plugins.around(Hypervisor.class, hypervisor);
    }

    ObjectStore around(ObjectStore store) {
        return plugins.around(ObjectStore.class, store);
    }

    SnapshotCatalog around(SnapshotCatalog catalog) {
        return plugins.around(SnapshotCatalog.class, catalog);
    }

    /** The call that was hit; empty if there were fewer. */
    synchronized String hit() {
        return hit;
    }

    /** The process dies now, wherever it is. */
    synchronized void kill() {
        dead = true;
    }

    synchronized boolean isDead() {
        return dead;
    }

    private Object call(Call call) throws Throwable {
        boolean mine = !NOT_COUNTED.contains(call.name()) && arrive(call);
        if (mine && fault == Fault.FAIL_BEFORE) {
            throw failure.get();
        }
        Object result = call.proceed();
        if (mine && fault == Fault.FAIL_AFTER) {
            throw failure.get();
        }
        if (mine && fault == Fault.CRASH_AFTER) {
            kill();
            throw new Crash();
        }
        return result;
    }

    private synchronized boolean arrive(Call call) {
        if (dead) {
            throw new Crash();
        }
        if (only.isPresent() && !only.get().equals(call.name())) {
            return false;
        }
        calls++;
        if (calls != at) {
            return false;
        }
        hit = call.plugin().getClass().getSimpleName() + "." + call.name();
        if (fault == Fault.CRASH_BEFORE) {
            dead = true;
            throw new Crash();
        }
        return true;
    }
}
