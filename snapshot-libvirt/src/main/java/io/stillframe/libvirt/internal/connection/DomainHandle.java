package io.stillframe.libvirt.internal.connection;

import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.libvirt.Domain;
import org.libvirt.DomainBlockJobInfo;
import org.libvirt.DomainSnapshot;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;

/**
 * One domain for the length of one call of the session: libvirt-java's object where it has what is needed, and a native reference for
 * the calls that it lacks. Both are freed by {@link #close()}. For one thread.
 */
public final class DomainHandle implements AutoCloseable {
    /** {@code VIR_DOMAIN_METADATA_ELEMENT}. */
    private static final int METADATA_ELEMENT = 2;

    /** {@code VIR_DOMAIN_PAUSED}. */
    private static final int STATE_PAUSED = 3;

    private static final long PAUSE_NANOS = 20_000_000L;

    private final LiveConnection.NativeConnect connect;
    private final Domain domain;
    private @Nullable Pointer reference;

    DomainHandle(LiveConnection.NativeConnect connect, Domain domain) {
        this.connect = connect;
        this.domain = domain;
    }

    /** A domain's state as libvirt counts it, see {@code virDomainState} and the enumerations of reasons beside it. */
    public record State(int state, int reason) {}

    private interface Call<T> {
        T run() throws LibvirtException;
    }

    private interface Action {
        void run() throws LibvirtException;
    }

    public String name() throws LibvirtFailure {
        return get(domain::getName);
    }

    public String uuid() throws LibvirtFailure {
        return get(domain::getUUIDString);
    }

    /** The number of this run of the domain, -1 when it is off. */
    public int runNumber() throws LibvirtFailure {
        return get(domain::getID);
    }

    public boolean isActive() throws LibvirtFailure {
        return get(domain::isActive) == 1;
    }

    /**
     * Whether a call failed because the domain's QEMU ended under it. libvirt reports the broken monitor first and learns of the end
     * later, on a busy host by seconds: this waits for that as long as the failure may mean it.
     */
    public boolean endedUnder(LibvirtFailure failure) throws LibvirtFailure {
        long asked = System.nanoTime();
        long patience = longestEnd(failure);
        boolean active = isActive();
        while (active && System.nanoTime() - asked < patience) {
            LockSupport.parkNanos(PAUSE_NANOS);
            active = isActive();
        }
        return !active;
    }

    /** A monitor that broke is a system error; the other two are mostly a refusal by QEMU. */
    private static long longestEnd(LibvirtFailure failure) {
        return switch (failure.code()) {
            case VIR_ERR_SYSTEM_ERROR -> 30_000_000_000L;
            case VIR_ERR_INTERNAL_ERROR, VIR_ERR_OPERATION_FAILED -> 3_000_000_000L;
            default -> 0;
        };
    }

    public boolean isPersistent() throws LibvirtFailure {
        return get(domain::isPersistent) == 1;
    }

    public boolean hasSavedMemory() throws LibvirtFailure {
        return get(domain::hasManagedSaveImage) == 1;
    }

    /** The domain's XML, see {@link org.libvirt.Domain.XMLFlags}. */
    public String xml(int flags) throws LibvirtFailure {
        return get(() -> domain.getXMLDesc(flags));
    }

    public State state() throws LibvirtFailure {
        IntByReference state = new IntByReference();
        IntByReference reason = new IntByReference();
        check(LibvirtCalls.LIBRARY.virDomainGetState(reference(), state, reason, 0));
        return new State(state.getValue(), reason.getValue());
    }

    /** Presses the power button once. */
    public void pressPowerButton() throws LibvirtFailure {
        check(LibvirtCalls.LIBRARY.virDomainShutdownFlags(reference(), LibvirtCalls.SHUTDOWN_ACPI_POWER_BUTTON));
    }

    public void destroy() throws LibvirtFailure {
        run(domain::destroy);
    }

    /** Starts it, see {@link org.libvirt.Domain.CreateFlags}. */
    public void create(int flags) throws LibvirtFailure {
        run(() -> domain.create(flags));
    }

    public void resume() throws LibvirtFailure {
        run(domain::resume);
    }

    /** Stops its processors; QEMU writes out what it has in hand. */
    public void suspend() throws LibvirtFailure {
        run(domain::suspend);
    }

    public boolean isPaused() throws LibvirtFailure {
        return state().state() == STATE_PAUSED;
    }

    public void wakeUp() throws LibvirtFailure {
        run(domain::PMwakeup);
    }

    public void undefine(int flags) throws LibvirtFailure {
        run(() -> domain.undefine(flags));
    }

    /** Takes the metadata element of that namespace out of its persistent and, if it runs, its current definition. */
    public void removeMetadata(String namespace) throws LibvirtFailure {
        int affected = Domain.ModificationImpact.CONFIG | (isActive() ? Domain.ModificationImpact.LIVE : 0);
        run(() -> domain.setMetadata(METADATA_ELEMENT, null, null, namespace, affected));
    }

    /** Whether the running domain has a metadata element of that namespace. */
    public boolean hasMetadata(String namespace) throws LibvirtFailure {
        try {
            return !get(() -> domain.getMetadata(METADATA_ELEMENT, namespace, Domain.ModificationImpact.LIVE))
                    .isEmpty();
        } catch (LibvirtFailure failure) {
            if (failure.is(ErrorNumber.VIR_ERR_NO_DOMAIN_METADATA)) {
                return false;
            }
            throw failure;
        }
    }

    /** Gives the running domain, for as long as it runs, a metadata element of that namespace in place of any other. */
    public void setLiveMetadata(String namespace, String prefix, String xml) throws LibvirtFailure {
        run(() -> domain.setMetadata(METADATA_ELEMENT, xml, prefix, namespace, Domain.ModificationImpact.LIVE));
    }

    /** Takes that element away from the running domain. */
    public void removeLiveMetadata(String namespace) throws LibvirtFailure {
        run(() -> domain.setMetadata(METADATA_ELEMENT, null, null, namespace, Domain.ModificationImpact.LIVE));
    }

    /** Freezes all file systems and returns how many. */
    public int freezeFileSystems() throws LibvirtFailure {
        return check(LibvirtCalls.LIBRARY.virDomainFSFreeze(reference(), null, 0, 0));
    }

    /** Thaws all file systems and returns how many. */
    public int thawFileSystems() throws LibvirtFailure {
        return check(LibvirtCalls.LIBRARY.virDomainFSThaw(reference(), null, 0, 0));
    }

    /** How long the agent has for each of the following commands. */
    public void limitAgent(int seconds) throws LibvirtFailure {
        check(LibvirtCalls.LIBRARY.virDomainAgentSetResponseTimeout(reference(), seconds, 0));
    }

    /** Takes a snapshot, see {@link org.libvirt.Domain.SnapshotCreateFlags}. */
    public void snapshot(String xml, int flags) throws LibvirtFailure {
        run(() -> {
            DomainSnapshot snapshot = domain.snapshotCreateXML(xml, flags);
            if (snapshot != null) {
                snapshot.free();
            }
        });
    }

    /** Starts a commit of {@code top}, the active layer if null, into {@code base}; bandwidth in bytes a second, 0 for no limit. */
    public void commit(String device, String base, @Nullable String top, long bandwidth, int flags)
            throws LibvirtFailure {
        run(() -> domain.blockCommit(device, base, top, bandwidth, flags));
    }

    /** Limits the block job of a disk to that many bytes a second; 0 for no limit. */
    public void limitBlockJob(String device, long bandwidth) throws LibvirtFailure {
        check(LibvirtCalls.LIBRARY.virDomainBlockJobSetSpeed(
                reference(), device, new NativeLong(bandwidth), LibvirtCalls.JOB_SPEED_IN_BYTES));
    }

    /** The block job of a disk; empty when there is none, as when the domain is off or ends meanwhile. */
    public Optional<DomainBlockJobInfo> blockJob(String device) throws LibvirtFailure {
        if (!isActive()) {
            return Optional.empty();
        }
        try {
            return Optional.of(get(() -> domain.getBlockJobInfo(device, 0)))
                    .filter(job -> job.type != Domain.BlockJobType.UNKNOWN);
        } catch (LibvirtFailure failure) {
            if (endedUnder(failure)) {
                return Optional.empty();
            }
            throw failure;
        }
    }

    /** Ends the block job of a disk, see {@link org.libvirt.Domain.BlockJobAbortFlags}. */
    public void endBlockJob(String device, int flags) throws LibvirtFailure {
        run(() -> domain.blockJobAbort(device, flags));
    }

    /** Whether a backup job runs. */
    public boolean hasBackup() throws LibvirtFailure {
        if (!isActive()) {
            return false;
        }
        try {
            return !xmlOfBackup().isEmpty();
        } catch (LibvirtFailure failure) {
            if (failure.is(ErrorNumber.VIR_ERR_NO_DOMAIN_BACKUP, ErrorNumber.VIR_ERR_NO_SUPPORT)) {
                return false;
            }
            throw failure;
        }
    }

    private String xmlOfBackup() throws LibvirtFailure {
        return get(() -> domain.getBackupXMLDesc(0));
    }

    /** What the guest sees as a disk's size in bytes. */
    public long capacity(String device) throws LibvirtFailure {
        return get(() -> domain.blockInfo(device).getCapacity());
    }

    @Override
    public void close() {
        if (reference != null) {
            LibvirtCalls.LIBRARY.virDomainFree(reference);
            reference = null;
        }
        release(domain);
    }

    static void release(Domain domain) {
        try {
            domain.free();
        } catch (LibvirtException e) {
            throw new IllegalStateException("a domain's handle was freed twice", e);
        }
    }

    private Pointer reference() throws LibvirtFailure {
        Pointer held = reference;
        if (held == null) {
            held = LibvirtCalls.LIBRARY.virDomainLookupByUUIDString(connect.handle(), uuid());
            if (held == null) {
                throw LibvirtFailure.last();
            }
            reference = held;
        }
        return held;
    }

    private static <T> T get(Call<T> call) throws LibvirtFailure {
        try {
            return call.run();
        } catch (LibvirtException e) {
            throw LibvirtFailure.of(e);
        }
    }

    private static void run(Action action) throws LibvirtFailure {
        try {
            action.run();
        } catch (LibvirtException e) {
            throw LibvirtFailure.of(e);
        }
    }

    private static int check(int result) throws LibvirtFailure {
        if (result < 0) {
            throw LibvirtFailure.last();
        }
        return result;
    }
}
