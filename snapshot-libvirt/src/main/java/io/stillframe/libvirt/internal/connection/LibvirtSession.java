package io.stillframe.libvirt.internal.connection;

import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Subscription;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.libvirt.Domain;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;

/**
 * The one way to a libvirt server: opens the connection when it is first needed, opens it anew after it was lost (the server was
 * restarted), and turns every failure into a {@link SnapshotException} of the right kind. A server that stops answering is given up
 * after 25 s by keepalive; a command that waits for another one on the same domain is given up by libvirt itself after 30 s.
 *
 * <p>Safe for use by several threads.
 */
public final class LibvirtSession implements AutoCloseable {
    private final String uri;
    private final DomainEvents events = new DomainEvents();
    private final Object opening = new Object();
    private volatile @Nullable LiveConnection current;
    private volatile boolean closed;

    /** A call on a connection. */
    private interface ConnectionCall<T> {
        T on(LiveConnection.NativeConnect connect) throws LibvirtFailure, LibvirtException;
    }

    /** A call on one domain. */
    public interface DomainCall<T> {
        T on(DomainHandle domain) throws LibvirtFailure;
    }

    /** A change of one domain. */
    public interface DomainAction {
        void on(DomainHandle domain) throws LibvirtFailure;
    }

    /** Identity, name and XML of a domain: the running one's, and the persistent one's unless it has none or they are one. */
    public record HostDomain(InstanceId id, String name, boolean active, List<String> xml) {}

    private LibvirtSession(String uri) {
        this.uri = uri;
    }

    /**
     * Opens a session and its first connection.
     *
     * @param uri as libvirt knows it
     * @throws SnapshotException TRANSIENT if the server does not answer, INVALID if it does not know the URI
     */
    public static LibvirtSession open(String uri) {
        EventLoop.ensureRunning();
        LibvirtSession session = new LibvirtSession(uri);
        try {
            session.enter().leave();
            return session;
        } catch (SnapshotException e) {
            session.close();
            throw e;
        }
    }

    /**
     * Looks at or changes one domain.
     *
     * @param action what it does, to complete "could not …"
     * @throws SnapshotException NOT_FOUND if there is no such domain; TRANSIENT or OUTCOME_UNKNOWN if the connection was lost
     */
    public <T> T onDomain(InstanceId id, String action, Effect effect, DomainCall<T> call) {
        LiveConnection connection = enter();
        try (DomainHandle domain = find(connection, id, action)) {
            return call.on(domain);
        } catch (LibvirtFailure e) {
            throw translate(connection, action, effect, e);
        } finally {
            connection.leave();
        }
    }

    /** Changes one domain, see {@link #onDomain}. */
    public void change(InstanceId id, String action, DomainAction change) {
        onDomain(id, action, Effect.CHANGE, domain -> {
            change.on(domain);
            return action;
        });
    }

    /** The identity of the domain that has this identity or else this name. */
    public Optional<InstanceId> resolve(String nameOrId) {
        return onConnection("look for " + nameOrId, Effect.NONE, connect -> {
            Domain domain = lookup(connect, nameOrId);
            if (domain == null) {
                return Optional.empty();
            }
            try {
                return Optional.of(new InstanceId(domain.getUUIDString()));
            } finally {
                DomainHandle.release(domain);
            }
        });
    }

    /** Defines a domain, or redefines the one of the same identity. */
    public void define(String xml, String action) {
        onConnection(action, Effect.CHANGE, connect -> {
            DomainHandle.release(connect.domainDefineXML(xml));
            return action;
        });
    }

    /** All domains of the host, running or not. A domain that vanishes meanwhile is left out. */
    public List<HostDomain> hostDomains() {
        return onConnection("list the host's domains", Effect.NONE, connect -> {
            List<HostDomain> found = new ArrayList<>();
            for (Domain each : connect.listAllDomains(0)) {
                try (DomainHandle domain = new DomainHandle(connect, each)) {
                    found.add(describe(domain));
                } catch (LibvirtFailure e) {
                    if (!e.is(ErrorNumber.VIR_ERR_NO_DOMAIN)) {
                        throw e;
                    }
                }
            }
            return found;
        });
    }

    /** The names of all domains of the host. */
    public List<String> names() {
        return onConnection("list the host's domains", Effect.NONE, connect -> {
            List<String> names = new ArrayList<>();
            for (Domain each : connect.listAllDomains(0)) {
                try (DomainHandle domain = new DomainHandle(connect, each)) {
                    names.add(domain.name());
                }
            }
            return names;
        });
    }

    /**
     * The value of a secret of Ceph's, in base64 as Ceph writes keys; empty if there is none or it is private to the hypervisor.
     *
     * @param attribute {@code uuid} or {@code usage}: what the name is
     */
    public Optional<String> cephKey(String attribute, String name) {
        return onConnection(
                "read a secret",
                Effect.NONE,
                connect ->
                        NativeSecret.find(connect.handle(), attribute, name).map(Base64.getEncoder()::encodeToString));
    }

    /** Calls {@code onChange} on a thread of the session's own after each event of the domain, and when the connection is lost. */
    public Subscription watch(InstanceId id, Runnable onChange) {
        return events.watch(id, onChange);
    }

    /** How often this session has seen the domain's guest reboot. */
    public long reboots(InstanceId id) {
        return events.reboots(id);
    }

    /** Ends the connection after the calls in flight. Idempotent. */
    @Override
    public void close() {
        synchronized (opening) {
            closed = true;
            LiveConnection last = current;
            current = null;
            if (last != null) {
                last.retire();
            }
        }
        events.close();
    }

    // ---- connection ----

    private LiveConnection enter() {
        while (true) {
            LiveConnection connection = current;
            if (connection == null || !connection.isAlive()) {
                connection = reopen();
            }
            if (connection.enter()) {
                return connection;
            }
        }
    }

    private LiveConnection reopen() {
        synchronized (opening) {
            if (closed) {
                throw new SnapshotException(
                        SnapshotException.Kind.PERMANENT, "the hypervisor " + uri + " was closed; open it again");
            }
            LiveConnection last = current;
            if (last != null && last.isAlive()) {
                return last;
            }
            if (last != null) {
                current = null;
                last.retire();
                events.lost();
            }
            LiveConnection opened = connect();
            current = opened;
            return opened;
        }
    }

    private LiveConnection connect() {
        try {
            return LiveConnection.open(uri, events);
        } catch (LibvirtFailure e) {
            throw Faults.unreachable("open " + uri, e);
        }
    }

    private <T> T onConnection(String action, Effect effect, ConnectionCall<T> call) {
        LiveConnection connection = enter();
        try {
            return call.on(connection.connect());
        } catch (LibvirtException e) {
            throw translate(connection, action, effect, LibvirtFailure.of(e));
        } catch (LibvirtFailure e) {
            throw translate(connection, action, effect, e);
        } finally {
            connection.leave();
        }
    }

    private static SnapshotException translate(
            LiveConnection connection, String action, Effect effect, LibvirtFailure failure) {
        return connection.isAlive() ? Faults.of(action, failure) : Faults.lost(action, effect, failure);
    }

    // ---- domains ----

    private static DomainHandle find(LiveConnection connection, InstanceId id, String action) {
        try {
            return new DomainHandle(connection.connect(), connection.connect().domainLookupByUUIDString(id.value()));
        } catch (LibvirtException e) {
            throw translate(connection, action, Effect.NONE, LibvirtFailure.of(e));
        }
    }

    private static @Nullable Domain lookup(LiveConnection.NativeConnect connect, String nameOrId)
            throws LibvirtException, LibvirtFailure {
        Domain byId = Uuids.isUuid(nameOrId) ? orNull(() -> connect.domainLookupByUUIDString(nameOrId)) : null;
        return byId != null ? byId : orNull(() -> connect.domainLookupByName(nameOrId));
    }

    private interface Lookup {
        Domain find() throws LibvirtException;
    }

    private static @Nullable Domain orNull(Lookup lookup) throws LibvirtFailure {
        try {
            return lookup.find();
        } catch (LibvirtException e) {
            LibvirtFailure failure = LibvirtFailure.of(e);
            if (failure.is(ErrorNumber.VIR_ERR_NO_DOMAIN)) {
                return null;
            }
            throw failure;
        }
    }

    private static HostDomain describe(DomainHandle domain) throws LibvirtFailure {
        boolean active = domain.isActive();
        List<String> xml = new ArrayList<>();
        xml.add(domain.xml(0));
        if (active && domain.isPersistent()) {
            xml.add(domain.xml(Domain.XMLFlags.INACTIVE));
        }
        return new HostDomain(new InstanceId(domain.uuid()), domain.name(), active, List.copyOf(xml));
    }
}
