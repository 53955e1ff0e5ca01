package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;

/**
 * Stops an instance's processors for the moment in which several disks are held one after the other, and lets them go on. QEMU writes
 * out what it has in hand when it stops. The running domain carries a mark meanwhile, so that whoever releases the hold after a crash
 * knows that the pause is ours to end.
 */
final class DomainPause {
    private static final String NAMESPACE = "https://stillframe.io/xmlns/pause/1";
    private static final String PREFIX = "stillframe";

    private final LibvirtSession session;
    private final InstanceId instance;

    DomainPause(LibvirtSession session, InstanceId instance) {
        this.session = session;
        this.instance = instance;
    }

    /** Does the work while nothing runs in the instance. One that is off or was paused by somebody stays as it is. */
    void during(Runnable work) {
        boolean paused = begin();
        try {
            work.run();
        } catch (RuntimeException e) {
            if (paused) {
                endAfter(e);
            }
            throw e;
        }
        if (paused) {
            end();
        }
    }

    /** Ends a pause that is ours; nothing if there is none. */
    void end() {
        try {
            session.change(instance, "let " + instance + " go on", domain -> {
                if (domain.isActive() && domain.hasMetadata(NAMESPACE)) {
                    if (domain.isPaused()) {
                        domain.resume();
                    }
                    domain.removeLiveMetadata(NAMESPACE);
                }
            });
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    private boolean begin() {
        return session.onDomain(instance, "pause " + instance, Effect.CHANGE, domain -> {
            if (!domain.isActive() || (domain.isPaused() && !domain.hasMetadata(NAMESPACE))) {
                return false;
            }
            domain.setLiveMetadata(NAMESPACE, PREFIX, "<paused/>");
            domain.suspend();
            return true;
        });
    }

    private void endAfter(RuntimeException failure) {
        try {
            end();
        } catch (SnapshotException stillPaused) {
            failure.addSuppressed(stillPaused);
            throw new SnapshotException(
                    Kind.OUTCOME_UNKNOWN,
                    "instance " + instance + " may be paused; release is owed. " + failure.getMessage(),
                    failure);
        }
    }
}
