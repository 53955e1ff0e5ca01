package io.stillframe;

import io.stillframe.internal.engine.Engine;
import io.stillframe.internal.engine.Plugged;
import io.stillframe.internal.engine.PluggedHost;
import io.stillframe.internal.engine.PluggedRegion;
import io.stillframe.model.LastCopies;
import io.stillframe.model.LaunchListener;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Names;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.RebuildReport;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.RegionReport;
import io.stillframe.model.Retention;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.Subscription;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Takes snapshots of virtual machines, stores them, keeps them exactly as long as asked, and launches new instances from them.
 *
 * <pre>{@code
 * try (SnapshotService service = SnapshotService.builder()
 *         .hypervisor(URI.create("qemu:///system"))
 *         .store(URI.create("file:///srv/snapshots"))
 *         .catalog(URI.create("file:///srv/catalog"))
 *         .build()) {
 *     Snapshot snapshot = service.create(SnapshotRequest.of("web-1").withName("before upgrade").withRetentionDays(7));
 *     service.await(snapshot.id(), SnapshotService.settled(), Duration.ofHours(1));
 *     service.launch(LaunchRequest.of(snapshot.id(), "web-2"));
 * }
 * }</pre>
 *
 * <p>Work goes on in the service's own named threads. What is owed to an instance is written to the catalog before the instance is
 * touched, so that any other service on the same catalog can make good what this one leaves undone ({@link #recover}). Several
 * services in one or many processes may share a catalog.
 *
 * <p>Safe for use by several threads. All methods throw {@link io.stillframe.model.SnapshotException}; a method that needs a plugin
 * the service was built without throws UNSUPPORTED, one called after {@link #close()} throws CONFLICT.
 */
public final class SnapshotService implements AutoCloseable {
    private final Engine engine;

    private SnapshotService(Engine engine) {
        this.engine = engine;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** True once nothing more will happen by itself: the status is settled and nothing is owed to the instance. */
    public static Predicate<Snapshot> settled() {
        return snapshot -> snapshot.status().settled() && snapshot.obligations().isEmpty();
    }

    /** True once the point in time is held and the instance is back, or the snapshot is settled. */
    public static Predicate<Snapshot> captured() {
        return snapshot -> snapshot.status() != SnapshotStatus.CAPTURING;
    }

    /**
     * Asks for a snapshot; a request with an idempotency token may be made again, to any service on the catalog, and gives the same
     * snapshot. What can be refused without touching the instance is refused here: an unknown instance, disk or codec, an
     * instance that is paused or suspended or would vanish when shut down, a disk that cannot be held, another snapshot being taken of
     * the same instance. The rest happens after the return.
     *
     * @return the new snapshot, {@code CAPTURING} and {@code REQUESTED}
     * @throws io.stillframe.model.SnapshotException NOT_FOUND, INVALID, UNSUPPORTED; CONFLICT naming the snapshot that holds the
     *     instance, or its state, or the one that a different request with this token made; TRANSIENT if the hypervisor or the catalog does not answer. Nothing is left behind then
     */
    public Snapshot create(SnapshotRequest request) {
        return engine.create(request);
    }

    /**
     * The snapshot as it is now. From its expiry on it is shown as {@code DELETING}, whether or not a sweep has come by.
     *
     * @throws io.stillframe.model.SnapshotException NOT_FOUND
     */
    public Snapshot get(SnapshotId id) {
        return engine.get(id);
    }

    /**
     * Lists snapshots, newest first; none that is {@code REMOVED}.
     *
     * @param after {@link Page#next()} of the page before; empty for the first
     * @param limit most items on the page, 1 to 1000; a page may hold fewer and still have a next
     */
    public Page<Snapshot> list(Optional<String> after, int limit) {
        return list(SnapshotQuery.all(), after, limit);
    }

    /**
     * Lists some snapshots.
     *
     * @param query which, and in what order; those that are {@code REMOVED} only if it names that status
     * @param after {@link Page#next()} of the page before of the same query; empty for the first
     * @param limit most items on the page, 1 to 1000; a page may hold fewer and still have a next
     * @throws io.stillframe.model.SnapshotException INVALID if {@code after} is of another query
     */
    public Page<Snapshot> list(SnapshotQuery query, Optional<String> after, int limit) {
        return engine.list(query, after, limit);
    }

    /**
     * Delivers the snapshot as it is now and whenever it changes, also when another process works on it. Of changes that follow each
     * other faster than the listener takes them only the latest is delivered; the last state always is. The listener runs on a thread
     * of the service's, one call at a time; however long it takes and whatever it throws, the work is not held up.
     *
     * @return ends the delivery when closed, which also happens with the service and when the snapshot is removed
     * @throws io.stillframe.model.SnapshotException NOT_FOUND
     */
    public Subscription watch(SnapshotId id, Consumer<Snapshot> listener) {
        return engine.watch(id, listener);
    }

    /**
     * Waits in the caller's thread until the snapshot is as wanted, also when another process works on it.
     *
     * @param until for example {@link #settled()}
     * @param deadline how long to wait
     * @return the snapshot that {@code until} held for
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if it does not exist (any more); TRANSIENT when the deadline is over,
     *     saying what it was still doing; CANCELLED if the thread is interrupted or the service closed
     */
    public Snapshot await(SnapshotId id, Predicate<Snapshot> until, Duration deadline) {
        return engine.await(id, until, deadline);
    }

    /** Short for {@link #launch(LaunchRequest, LaunchListener, Cancellation)} without listener and cancellation. */
    public LaunchedInstance launch(LaunchRequest request) {
        return launch(request, LaunchListener.none(), new Cancellation());
    }

    /**
     * Makes a new instance of a snapshot, in the caller's thread. Of one that is kept on volumes which the host reaches, unless the request
     * names a region, the new disks are copy-on-write clones; else they are filled, and the content of each that was stored is verified by
     * its digest before the instance is defined. The original instance and the snapshot are not touched. Whatever fails, nothing of the
     * new instance is left.
     *
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if the snapshot does not exist or has expired; CONFLICT if it is not
     *     available or the name is taken; INVALID if the disk is smaller than the snapshot's, naming both sizes; CORRUPT if stored
     *     bytes are not what was captured; CANCELLED
     */
    public LaunchedInstance launch(LaunchRequest request, LaunchListener progress, Cancellation cancellation) {
        return engine.launch(request, progress, cancellation);
    }

    /**
     * Opens a stored disk for random access, read in place by ranges.
     *
     * @param device the disk's device name on the original instance
     * @return closed by the caller
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if the snapshot or disk does not exist or has expired; CONFLICT if it is
     *     not available
     */
    public BlockSource openDisk(SnapshotId id, String device) {
        return openDisk(id, device, ReadFrom.any());
    }

    /**
     * Opens a stored disk for random access, of a region's choice.
     *
     * @param device the disk's device name on the original instance
     * @param from which region's copy; where another may stand in, reads go on there from the first one that fails
     * @return closed by the caller
     * @throws io.stillframe.model.SnapshotException as {@link #openDisk(SnapshotId, String)}; INVALID if a rule of residency does not
     *     allow the region; NOT_FOUND if this service has no region of that name; CONFLICT also if there is no complete copy there
     */
    public BlockSource openDisk(SnapshotId id, String device, ReadFrom from) {
        return engine.openDisk(id, device, from);
    }

    /**
     * Asks for a copy of an available snapshot in one more region. Returns at once: the copy is made from a complete one, store to store, or
     * else from the volumes that it is kept on, by this service or any other that reaches both, also after a crash, and is tried until it
     * is done; {@link Snapshot#replica} tells how far it is. Ended by {@link #removeCopy}. Repeated: nothing more happens.
     *
     * @return the snapshot with the new copy
     * @throws io.stillframe.model.SnapshotException NOT_FOUND, also if this service has no region of that name; CONFLICT if the snapshot
     *     is not available; INVALID if a rule of residency does not allow the region; TRANSIENT while another process works on it
     */
    public Snapshot addCopy(SnapshotId id, String region) {
        return engine.addCopy(id, region);
    }

    /**
     * Gives up a snapshot's copy in a region, whether complete or on its way. Returns at once: the copy is {@code DELETING} until
     * the region has confirmed that nothing is left, and then not shown any more. As long as younger snapshots' copies in that region are
     * built on it ({@link io.stillframe.model.Storing#CHANGES}) it stays {@code DELETING}, with that as its failure.
     *
     * @return the snapshot
     * @throws io.stillframe.model.SnapshotException NOT_FOUND; CONFLICT if it is the only complete copy, the one on volumes included, or the
     *     snapshot is not available; TRANSIENT while another process works on it
     */
    public Snapshot removeCopy(SnapshotId id, String region) {
        return engine.removeCopy(id, region);
    }

    /**
     * Reads every byte of an available snapshot's complete copies, older objects that they are built on included, and tells which are what
     * was stored. Changes nothing.
     *
     * @throws io.stillframe.model.SnapshotException NOT_FOUND; CONFLICT if the snapshot is not available; CANCELLED
     */
    public ScrubReport scrub(SnapshotId id, Cancellation cancellation) {
        return engine.scrub(id, cancellation);
    }

    /**
     * Scrubs a snapshot and has damaged copies made anew from a whole one, which goes on after the return as for {@link #addCopy}. Without
     * a whole copy nothing is changed.
     *
     * @throws io.stillframe.model.SnapshotException as {@link #scrub}; TRANSIENT while another process works on it
     */
    public ScrubReport repair(SnapshotId id, Cancellation cancellation) {
        return engine.repair(id, cancellation);
    }

    /**
     * Gives all available snapshots of a query a copy in a region, as {@link #addCopy} does for one, in the caller's thread; returns when
     * all are complete there. Cancelled or interrupted, what was asked for so far is still done; called again, it goes on with the rest.
     *
     * @param listener told of each snapshot that is done, in the caller's thread
     * @return with what could not be done, for example because a rule of residency does not allow it
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if this service has no region of that name; CANCELLED
     */
    public RegionReport fillRegion(
            String region, SnapshotQuery query, Consumer<RegionReport> listener, Cancellation cancellation) {
        return engine.fillRegion(region, query, listener, cancellation);
    }

    /**
     * Removes all copies from a region, in the caller's thread; returns when the region has confirmed it. A snapshot whose only complete copy
     * is there is copied to {@code to} first. Take the region out of {@link ServiceSettings#placement()} and of requests before.
     * Cancelled or interrupted, what was asked for so far is still done; called again, it goes on with the rest.
     *
     * @param to where only copies go; without it they stay and are reported
     * @param listener told of each snapshot that is done, in the caller's thread
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if this service has no region {@code to}; INVALID if both are the same;
     *     CANCELLED
     */
    public RegionReport drainRegion(
            String region, Optional<String> to, Consumer<RegionReport> listener, Cancellation cancellation) {
        return engine.drainRegion(region, to, listener, cancellation);
    }

    /**
     * Gives up all copies in a region that is gone for good, in the caller's thread: nothing is asked of it any more, removals do not wait
     * for it, and snapshots that wait for a copy there go on without it. Only for a region that will never answer again: what it still has
     * is nobody's from then on, and is found again by {@link #rebuildCatalog} if it does. For one that answers use {@link #drainRegion}. The
     * service need not have the region; take it out of {@link ServiceSettings#placement()} and of requests before. Each copy's end is
     * logged and written to its snapshot's journal. Cancelled or interrupted, what was given up stays so; called again, it goes on.
     *
     * @param lastCopies what becomes of snapshots whose only complete copy was there
     * @param listener told of each snapshot that is done, in the caller's thread
     * @return with the snapshots that still have a copy there, and why
     * @throws io.stillframe.model.SnapshotException CANCELLED
     */
    public RegionReport forgetRegion(
            String region, LastCopies lastCopies, Consumer<RegionReport> listener, Cancellation cancellation) {
        return engine.forgetRegion(region, lastCopies, listener, cancellation);
    }

    /**
     * Gives a snapshot up that is not available yet: it becomes {@code CANCELLED}, what was stored is removed, and the instance gets
     * back what it is owed. Returns once the snapshot is settled; obligations may follow (an instance that was asked to shut down is
     * watched and powered on again). Settled already: nothing happens.
     *
     * @return the snapshot, settled
     * @throws io.stillframe.model.SnapshotException NOT_FOUND; TRANSIENT if another process works on it and has not answered yet: the
     *     wish stands, ask again
     */
    public Snapshot cancel(SnapshotId id) {
        return engine.cancel(id);
    }

    /**
     * Removes a snapshot in whatever status: work on it is cancelled, its objects are removed, what the instance is owed is done, and
     * the record goes last. Returns when nothing of it is left but what younger snapshots are built on
     * ({@link io.stillframe.model.Storing#CHANGES}): then its record stays, {@link io.stillframe.model.SnapshotStatus#REMOVED}, until the
     * last of those is removed, and it is NOT_FOUND for whoever asks for it.
     *
     * @throws io.stillframe.model.SnapshotException NOT_FOUND; CONFLICT under a legal hold, or if volumes that were cloned from it still need
     *     it and {@link ServiceSettings#dependents} does not have them flattened, naming them; TRANSIENT if something cannot be removed
     *     now: the snapshot stays {@code DELETING} and is finished by a later {@code delete}, {@link #recover} or {@link #sweep}
     */
    public void delete(SnapshotId id) {
        engine.delete(id);
    }

    /**
     * Takes over a snapshot that a process left {@code QUEUED}, because it handed it over or died. The work goes on after the return; of one
     * that is stored already, the copies.
     *
     * @throws io.stillframe.model.SnapshotException NOT_FOUND; CONFLICT if its owner lives or its status is another one
     */
    public Snapshot resume(SnapshotId id) {
        return engine.resume(id);
    }

    /**
     * Takes over the snapshot on this service's hypervisor that has been {@code QUEUED} longest without an owner, as {@link #resume}
     * does. Several services may ask at once and get different ones.
     *
     * @return empty if none waits
     */
    public Optional<Snapshot> resumeNext() {
        return engine.resumeNext();
    }

    /**
     * Changes how long a snapshot is kept: its days, counted from its completion as ever, or its legal hold, which overrides them. Days
     * that are over already let it expire at once.
     *
     * @return the snapshot, changed
     * @throws io.stillframe.model.SnapshotException NOT_FOUND; CONFLICT if it has expired or is being removed; TRANSIENT while another
     *     process works on it
     */
    public Snapshot changeRetention(SnapshotId id, Retention retention) {
        return engine.changeRetention(id, retention);
    }

    /**
     * Restores records that this catalog has lost from the manifests in the store, and from nothing else. Records that exist stay as
     * they are. Only available snapshots have a manifest; their retention counts from its publication. Of removed ones that younger
     * snapshots are built on, a record that is {@code REMOVED} is restored.
     */
    public RebuildReport rebuildCatalog(Cancellation cancellation) {
        return engine.rebuildCatalog(cancellation);
    }

    /**
     * Looks after everything that dead processes left: brings instances back, releases held points in time, lets interrupted captures
     * fail, resumes interrupted transfers, finishes removals, discards half-made launches. It observes before it acts, leaves alone
     * whatever has a living owner, and may run anywhere at any time. A process that has just been killed still has its leases, so this
     * waits up to a lease's time for owners that do not renew theirs.
     *
     * @param cancellation stops early; what was not reached stays for the next time
     * @return when everything was looked after once; resumed transfers go on after that
     */
    public RecoveryReport recover(Cancellation cancellation) {
        return engine.recover(cancellation);
    }

    /**
     * Removes what is not needed any more: expired snapshots, what is left of removed ones that no younger one is built on any more,
     * stored objects and unfinished uploads that no snapshot needs, points in time still held for snapshots that are settled, snapshots
     * kept on volumes that no record names. What a running job, a living owner, another catalog's snapshot, published or
     * removed, or anything younger than {@link ServiceSettings#orphanAge()} may need stays.
     */
    public SweepReport sweep(SweepMode mode, Cancellation cancellation) {
        return engine.sweep(mode, cancellation);
    }

    /**
     * Ends the service: captures and transfers that run here are cancelled and {@code FAILED} with that reason; instances are powered
     * on and thawed and points in time released first, which may take as long as {@link ServiceSettings#stopGrace()} and a merge. What
     * cannot be done now stays written in the catalog for {@link #recover}. Then threads end, and plugins that the service opened are
     * closed. Idempotent.
     */
    @Override
    public void close() {
        engine.close();
    }

    /** Assembles a service. Not safe for use by several threads. */
    public static final class Builder {
        private final List<PluggedHost> hypervisors = new ArrayList<>();
        private final List<PluggedRegion> regions = new ArrayList<>();
        private Optional<Plugged<ObjectStore>> store = Optional.empty();
        private @Nullable Plugged<SnapshotCatalog> catalog;
        private ServiceSettings settings = ServiceSettings.ofDefaults();
        private Clock clock = Clock.systemUTC();

        private Builder() {}

        /**
         * Adds a hypervisor; stays the caller's to close. The service works on instances of those that it was given, and leaves the
         * others' to other services. Without any it lists, shows, reads, deletes and, if others do the work, accepts requests.
         */
        public Builder hypervisor(Hypervisor value) {
            hypervisors.add(new PluggedHost(Optional.empty(), Plugged.handedOver(value)));
            return this;
        }

        /** Adds the hypervisor at that URI, opened by {@link #build()} and closed by the service. */
        public Builder hypervisor(URI uri) {
            hypervisors.add(new PluggedHost(Optional.empty(), Plugged.opened(() -> Plugins.hypervisor(uri))));
            return this;
        }

        /**
         * Adds a hypervisor by the name that all services on the catalog know its host by, which is what snapshots show. Without one
         * that is its URI, which does not tell hosts apart that each call themselves {@code qemu:///system}.
         */
        public Builder hypervisor(String host, Hypervisor value) {
            hypervisors.add(new PluggedHost(named(host), Plugged.handedOver(value)));
            return this;
        }

        /** The same, opened by {@link #build()} and closed by the service. */
        public Builder hypervisor(String host, URI uri) {
            hypervisors.add(new PluggedHost(named(host), Plugged.opened(() -> Plugins.hypervisor(uri))));
            return this;
        }

        private static Optional<String> named(String host) {
            return Optional.of(Names.label("a host's name", host));
        }

        /**
         * The store of the service's one region, which is called {@code home}; stays the caller's to close. May be left out: the service then
         * lists and shows only. Around a store that is reached over a network (whose URI is neither {@code file:} nor {@code memory:}) the
         * service puts retries, reading ahead and {@link ServiceSettings#bandwidth}. With several regions give each by {@link #region}.
         */
        public Builder store(ObjectStore value) {
            store = Optional.of(Plugged.handedOver(value));
            return this;
        }

        /** The store at that URI, opened by {@link #build()} and closed by the service. */
        public Builder store(URI uri) {
            store = Optional.of(Plugged.opened(() -> Plugins.store(uri)));
            return this;
        }

        /**
         * Adds a region by the name that all services on the catalog know it by; its store stays the caller's to close. The first one is the
         * home of snapshots whose request and {@link ServiceSettings#placement} name none. A service works on copies in those regions
         * that it was given, and leaves others to other services.
         *
         * @param name 1 to 64 of lower-case letters, digits and {@code . _ -}
         */
        public Builder region(String name, ObjectStore value) {
            return region(name, Optional.empty(), Plugged.handedOver(value));
        }

        /** The same, the store opened by {@link #build()} and closed by the service. */
        public Builder region(String name, URI uri) {
            return region(name, Optional.empty(), Plugged.opened(() -> Plugins.store(uri)));
        }

        /**
         * Adds a region with the jurisdiction that it is under, for {@link io.stillframe.model.ResidencyRule}s.
         *
         * @param jurisdiction 1 to 64 of lower-case letters, digits and {@code . _ -}
         */
        public Builder region(String name, ObjectStore value, String jurisdiction) {
            return region(name, Optional.of(jurisdiction), Plugged.handedOver(value));
        }

        /** The same, the store opened by {@link #build()} and closed by the service. */
        public Builder region(String name, URI uri, String jurisdiction) {
            return region(name, Optional.of(jurisdiction), Plugged.opened(() -> Plugins.store(uri)));
        }

        private Builder region(String name, Optional<String> jurisdiction, Plugged<ObjectStore> plugged) {
            regions.add(new PluggedRegion(name, jurisdiction, plugged));
            return this;
        }

        private List<PluggedRegion> regions() {
            if (store.isPresent() && !regions.isEmpty()) {
                throw SnapshotException.invalid("give either one store or named regions, not both");
            }
            RemoteStores stores = new RemoteStores(settings);
            List<PluggedRegion> given = store.map(
                            only -> List.of(new PluggedRegion(PluggedRegion.HOME, Optional.empty(), only)))
                    .orElse(regions);
            return given.stream()
                    .map(region ->
                            new PluggedRegion(region.name(), region.jurisdiction(), stores.around(region.store())))
                    .toList();
        }

        /** The catalog, which is always needed; stays the caller's to close. */
        public Builder catalog(SnapshotCatalog value) {
            catalog = Plugged.handedOver(value);
            return this;
        }

        /** The catalog at that URI, which is always needed, opened by {@link #build()} and closed by the service. */
        public Builder catalog(URI uri) {
            catalog = Plugged.opened(() -> Plugins.catalog(uri));
            return this;
        }

        /** {@link ServiceSettings#ofDefaults()} otherwise. */
        public Builder settings(ServiceSettings value) {
            settings = value;
            return this;
        }

        /** Where the time of requests, completions and expiries comes from, believed as it is; the system's UTC clock otherwise, whose
         * jumps forward let nothing expire early. */
        public Builder clock(Clock value) {
            clock = value;
            return this;
        }

        /**
         * The service, closed by the caller. Does not recover by itself: call {@link #recover} when the host has started.
         *
         * @throws io.stillframe.model.SnapshotException INVALID without a catalog, with two regions of the same
         *     name or store, or with a store beside regions; whatever opening a plugin throws, the others being
         *     closed again
         */
        public SnapshotService build() {
            return new SnapshotService(Engine.start(List.copyOf(hypervisors), regions(), catalog, settings, clock));
        }
    }
}
