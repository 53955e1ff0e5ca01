package io.stillframe.engine.model;

import static io.stillframe.engine.model.ModelInvariants.require;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.hypervisor.AgentBehaviour;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.hypervisor.SimulatedGuest;
import io.stillframe.hypervisor.SimulatedHypervisor;
import io.stillframe.hypervisor.SimulatedInstance;
import io.stillframe.image.DiskCopy;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.Availability;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Keep;
import io.stillframe.model.Placement;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.Replica;
import io.stillframe.model.RetryPolicy;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Storing;
import io.stillframe.model.SweepMode;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.VolumeSnapshots;
import io.stillframe.store.MemoryObjectStore;
import io.stillframe.testing.simulation.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/**
 * Two nodes on one host and catalog, with two regions, all in memory and in simulated time, and a seed that decides what everybody does to them.
 * Loaded as simulated classes; {@link #apply} is one run, whose result tells two runs of one seed apart if they differ.
 */
public final class ModelWorld implements LongFunction<String> {
    private static final long MOST_SWITCHES = 3_000_000;
    private static final int ROOT = 160 << 10;
    private static final int DATA = 70 << 10;
    private static final Duration LEASE = Duration.ofSeconds(5);
    private static final String HOME = "home";
    private static final String AWAY = "remote";
    /** Its disks are volumes. */
    private static final String ON_VOLUMES = "db";

    private static final List<String> INSTANCES = List.of("web", ON_VOLUMES);

    private Simulation simulation;
    private Random random;
    private SimulatedHypervisor host;
    private MemoryCatalog catalog;
    private Map<String, ObjectStore> stores;
    private ModelInvariants invariants;
    private final ModelGate.Faultiness calls = new ModelGate.Faultiness();
    /** Each region's. */
    private final Map<String, ModelGate.Faultiness> storeCalls =
            new TreeMap<>(Map.of(HOME, new ModelGate.Faultiness(), AWAY, new ModelGate.Faultiness()));

    private final List<Node> nodes = new ArrayList<>();
    private final Map<SnapshotId, Map<String, Digest>> held = new HashMap<>();
    private final StringBuilder trace = new StringBuilder();
    private boolean dirty;
    private int names;
    private int working;

    /** One process. */
    private final class Node {
        private final String name = "node" + ++names;
        private Optional<SnapshotService> service = Optional.empty();

        void start() {
            simulation.start(name, "start", () -> {
                SnapshotService.Builder builder = SnapshotService.builder();
                stores.forEach((region, store) ->
                        builder.region(region, gate(storeCalls.get(region)).around(ObjectStore.class, store)));
                service = Optional.of(builder.hypervisor(gate(calls).around(Hypervisor.class, host.connect()))
                        .catalog(gate(calls).around(SnapshotCatalog.class, catalog))
                        .clock(simulation.clockOf(name))
                        .settings(settings())
                        .build());
            });
            simulation.awaitUninterruptibly(() -> service.isPresent());
        }

        /** Runs work in the process, unless the process dies first. */
        void run(String what, Work work) {
            tell(name + " " + what);
            simulation.start(name, what, () -> {
                try {
                    work.of(service.orElseThrow());
                } catch (SnapshotException e) {
                    tell(name + " " + what + " " + e.kind());
                }
            });
        }

        void kill() {
            tell(name + " dies");
            simulation.kill(name);
            nodes.remove(this);
        }
    }

    /** What a node is asked for. */
    private interface Work {
        void of(SnapshotService service);
    }

    private static ServiceSettings settings() {
        return ServiceSettings.builder()
                .leaseTtl(LEASE)
                .partSize(64 << 10)
                .memory(16 << 20)
                .encodersPerTransfer(1)
                .uploadsPerTransfer(2)
                .transfersAtOnce(2)
                .stopGrace(Duration.ofSeconds(30))
                .retries(new RetryPolicy(Duration.ofMillis(50), Duration.ofSeconds(2), 5))
                .build();
    }

    @Override
    public String apply(long seed) {
        ModelWorld world = new ModelWorld();
        try {
            Simulation.run(seed, MOST_SWITCHES, world::check, world::live);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(e + "\n" + world.trace, e);
        }
        return world.trace.toString();
    }

    private void live() {
        simulation = Simulation.current();
        random = simulation.random();
        build();
        nodes.add(new Node());
        nodes.add(new Node());
        nodes.forEach(Node::start);
        calls.failures = random.nextInt(3) == 0 ? random.nextInt(30) : 0;
        calls.delays = random.nextInt(3) == 0 ? random.nextInt(40) : 0;
        storeCalls.values().forEach(store -> {
            store.failures = random.nextInt(3) == 0 ? random.nextInt(60) : 0;
            store.delays = random.nextInt(3) == 0 ? random.nextInt(100) : 0;
        });
        for (int left = 4 + random.nextInt(12); left > 0; left--) {
            happen();
            pass();
        }
        settle();
        tell("end after " + simulation.switches() + " switches");
    }

    private void build() {
        host = SimulatedHypervisor.builder().clock(simulation.trueClock()).build();
        catalog = MemoryCatalog.create(simulation.trueClock());
        stores = new TreeMap<>(Map.of(HOME, MemoryObjectStore.create(), AWAY, MemoryObjectStore.named(AWAY)));
        invariants = new ModelInvariants(catalog, stores, host, simulation::trueTime);
        for (String name : INSTANCES) {
            byte[] noise = new byte[130 << 10];
            random.nextBytes(noise);
            SimulatedInstance.Builder instance = SimulatedInstance.named(name);
            SimulatedGuest guest = host.add((name.equals(ON_VOLUMES) ? instance.onVolumes() : instance)
                    .disk("vda", DiskRole.ROOT, ROOT)
                    .disk("vdb", DiskRole.DATA, DATA)
                    .content("vda", 0, noise)
                    .content("vdb", 4096, new byte[] {1, 2, 3})
                    .running()
                    .onShutdown(shutdown())
                    .build());
            guest.agent(random.nextBoolean() ? AgentBehaviour.ANSWERS : AgentBehaviour.ABSENT);
        }
    }

    private ShutdownBehaviour shutdown() {
        return switch (random.nextInt(5)) {
            case 0 -> ShutdownBehaviour.ignores();
            case 1 -> ShutdownBehaviour.rebootsThen(ShutdownBehaviour.obeys());
            case 2 -> ShutdownBehaviour.obeysAfter(Duration.ofMillis(random.nextInt(5500)));
            default -> ShutdownBehaviour.obeys();
        };
    }

    private ModelGate gate(ModelGate.Faultiness faultiness) {
        return new ModelGate(simulation, faultiness, this::effect);
    }

    private void effect(String method, Object[] arguments) {
        dirty = true;
        if (ModelGate.isHold(method, arguments)) {
            CapturePlan plan = (CapturePlan) arguments[0];
            held.computeIfAbsent(plan.snapshot(), id -> contents(plan));
        }
    }

    private Map<String, Digest> contents(CapturePlan plan) {
        Map<String, Digest> contents = new HashMap<>();
        for (CapturePlan.Disk disk : plan.disks()) {
            try (BlockSource source = host.capture().open(plan, disk.device())) {
                contents.put(disk.device(), digest(source));
            }
        }
        return contents;
    }

    private static Digest digest(BlockSource source) {
        return DiskCopy.digest(
                source, StreamSettings.ofDefaults().withThreads(1), new Cancellation(), StreamListener.none());
    }

    /** On every switch between threads after something had an effect. */
    private void check() {
        if (dirty && invariants != null) {
            dirty = false;
            invariants.check(isStalled());
        }
    }

    private boolean isStalled() {
        return calls.stalled || storeCalls.values().stream().anyMatch(store -> store.stalled);
    }

    private void happen() {
        Node node = nodes.get(random.nextInt(nodes.size()));
        switch (random.nextInt(26)) {
            case 0, 1, 2, 3, 4, 5 -> node.run("create", service -> service.create(request()));
            case 6, 7 -> known().ifPresent(id -> node.run("cancel", service -> service.cancel(id)));
            case 8, 9 ->
                known().ifPresent(id -> {
                    invariants.unwanted.add(id);
                    node.run("delete", service -> service.delete(id));
                });
            case 10, 11 -> replace(node);
            case 12 -> node.run("recover", service -> service.recover(new Cancellation()));
            case 13 -> node.run("sweep", service -> service.sweep(SweepMode.REMOVE, new Cancellation()));
            case 14 -> node.run("resume", SnapshotService::resumeNext);
            case 15 -> crash(host.guest(any(INSTANCES)));
            case 16 -> write(host.guest(any(INSTANCES)));
            case 17 -> outage(random.nextBoolean() ? calls : storeCalls.get(any(List.of(HOME, AWAY))));
            case 18 -> simulation.clockOf(node.name).setWrongBy(Duration.ofHours(random.nextInt(400)));
            case 19 -> sleepOver();
            case 20 -> closeAndReplace(node);
            case 21 -> known().ifPresent(id -> node.run("add", service -> service.addCopy(id, AWAY)));
            case 22 ->
                known().ifPresent(id -> node.run("drop", service -> service.removeCopy(id, any(List.of(HOME, AWAY)))));
            case 23, 24 -> replaceSnapshot(node);
            default -> host.guest(any(INSTANCES)).start();
        }
        dirty = true;
    }

    private <T> T any(List<T> several) {
        return several.get(random.nextInt(several.size()));
    }

    private SnapshotRequest request() {
        return request(any(INSTANCES));
    }

    private SnapshotRequest request(String instance) {
        Placement placement = placement();
        boolean both = instance.equals(ON_VOLUMES) && random.nextInt(3) == 0;
        boolean changes = random.nextInt(3) > 0;
        return SnapshotRequest.of(instance)
                .withCodec(changes ? "pack" : "raw")
                .withStoring(changes ? Storing.CHANGES : Storing.WHOLE)
                .withCapture(random.nextInt(3) == 0 ? CaptureMode.LIVE : CaptureMode.SHUTDOWN)
                .withShutdown(new ShutdownPolicy(Duration.ofSeconds(30), Duration.ofSeconds(4)))
                .withRetentionDays(random.nextInt(3))
                .withPlacement(both ? placement.withKeep(Keep.BOTH) : placement);
    }

    private Placement placement() {
        return switch (random.nextInt(4)) {
            case 0 -> Placement.home();
            case 1 -> Placement.in(AWAY);
            default -> Placement.in(HOME, AWAY).withAvailability(any(List.of(Availability.values())));
        };
    }

    private Optional<SnapshotId> known() {
        List<SnapshotId> all = snapshots().stream().map(Snapshot::id).toList();
        return all.isEmpty() ? Optional.empty() : Optional.of(any(all));
    }

    private List<Snapshot> snapshots() {
        return catalog.list(Optional.empty(), 1000).items().stream()
                .map(CatalogRecord::snapshot)
                .toList();
    }

    /** An instance's new snapshot is taken, and before it is stored, or just then, the latest one goes. */
    private void replaceSnapshot(Node node) {
        String instance = any(INSTANCES);
        node.run("replace", service -> {
            Optional<Snapshot> latest = snapshots().stream()
                    .filter(s -> s.instance().name().equals(instance) && s.status() == SnapshotStatus.AVAILABLE)
                    .max(Comparator.comparing(Snapshot::requestedAt));
            service.create(request(instance).withCapture(CaptureMode.LIVE));
            simulation.sleep(random.nextInt(random.nextBoolean() ? 20 : 2_000), TimeUnit.MILLISECONDS);
            latest.ifPresent(old -> invariants.unwanted.add(old.id()));
            latest.ifPresent(old -> service.delete(old.id()));
        });
    }

    private void crash(SimulatedGuest guest) {
        if (guest.state().power() == PowerState.RUNNING) {
            tell(guest.state().name() + " crashes");
            invariants.excused.add(guest.state().name());
            guest.crash();
        }
    }

    private void write(SimulatedGuest guest) {
        byte[] something = {(byte) random.nextInt()};
        if (guest.state().power() == PowerState.RUNNING && !guest.isFrozen()) {
            guest.write("vda", 4096L * random.nextInt(30), something);
        }
    }

    private void outage(ModelGate.Faultiness what) {
        tell("outage");
        what.out = true;
        simulation.sleep(1 + random.nextInt(20_000), TimeUnit.MILLISECONDS);
        what.out = false;
    }

    /** All machines sleep over a day or two. */
    private void sleepOver() {
        tell("a day passes");
        calls.stalled = true;
        simulation.pass(Duration.ofHours(1 + random.nextInt(60)));
    }

    private Node replace(Node node) {
        node.kill();
        Node next = new Node();
        nodes.add(next);
        next.start();
        next.run("recover", service -> service.recover(new Cancellation()));
        return next;
    }

    private void closeAndReplace(Node node) {
        node.run("close", SnapshotService::close);
        nodes.remove(node);
        Node next = new Node();
        nodes.add(next);
        next.start();
    }

    private void pass() {
        if (random.nextInt(3) > 0) {
            simulation.sleep(random.nextInt(random.nextBoolean() ? 100 : 6_000), TimeUnit.MILLISECONDS);
        }
    }

    /** Everything works again and one node has died; what must be true in the end is. */
    private void settle() {
        calls.failures = 0;
        calls.delays = 0;
        storeCalls.values().forEach(store -> {
            store.failures = 0;
            store.delays = 0;
        });
        tell("settling");
        Node last = replace(nodes.get(0));
        simulation.sleep(120, TimeUnit.SECONDS);
        once(last, "recover", service -> service.recover(new Cancellation()));
        simulation.sleep(30, TimeUnit.SECONDS);
        once(last, "sweep", service -> service.sweep(SweepMode.REMOVE, new Cancellation()));
        invariants.check(true);
        for (String name : INSTANCES) {
            SimulatedGuest guest = host.guest(name);
            require(
                    guest.state().power() == PowerState.RUNNING || invariants.excused.contains(name),
                    "%s is %s in the end",
                    name,
                    guest.state().power());
            require(!guest.isFrozen(), "%s is frozen in the end", name);
        }
        require(
                host.capture().listHeld().isEmpty(),
                "held in the end: %s",
                host.capture().listHeld());
        List<Snapshot> left = snapshots();
        left.forEach(this::judge);
        once(last, "read", service -> left.forEach(snapshot -> judgeStored(service, snapshot)));
        for (VolumeSnapshot kept : host.volumes().orElseThrow().listKept()) {
            require(
                    left.stream().anyMatch(s -> s.id().equals(kept.snapshot()) && s.isKeptOnVolumes()),
                    "kept in the end: %s",
                    kept);
        }
        judgeStore(left);
        left.forEach(
                snapshot -> tell(snapshot.status() + " " + snapshot.instance().name()));
    }

    private void once(Node node, String what, Work work) {
        working++;
        node.run(what, service -> {
            try {
                work.of(service);
            } finally {
                working--;
            }
        });
        simulation.awaitUninterruptibly(() -> working == 0);
    }

    private void judge(Snapshot snapshot) {
        require(snapshot.status().settled(), "not settled in the end: %s", snapshot);
        require(
                snapshot.status() != SnapshotStatus.REMOVED || isNeeded(snapshot, snapshots()),
                "removed and not needed in the end: %s",
                snapshot);
        require(snapshot.obligations().isEmpty(), "owes in the end: %s", snapshot);
        if (snapshot.status() == SnapshotStatus.AVAILABLE) {
            invariants.requireWhole(snapshot);
            require(
                    snapshot.replicas().stream()
                            .allMatch(copy -> copy.isComplete() || isKeptForOthers(copy, snapshot, snapshots())),
                    "not in all of its regions in the end: %s",
                    snapshot);
            for (DiskSnapshot disk : snapshot.disks()) {
                Digest then = held.get(snapshot.id()).get(disk.device());
                boolean stored = disk.content().filter(then::equals).isPresent();
                boolean never = disk.object().isEmpty() && snapshot.isKeptOnVolumes();
                require(stored || never, "%s is not what was held", disk);
                if (snapshot.isKeptOnVolumes()) {
                    require(then.equals(kept(snapshot, disk)), "%s is not what was held on its volume", disk);
                }
            }
        }
    }

    /** What is stored as what changed is read with all that it is built on, in each region. */
    private void judgeStored(SnapshotService service, Snapshot snapshot) {
        List<Replica> whole =
                snapshot.replicas().stream().filter(Replica::isComplete).toList();
        for (Replica copy : snapshot.status() == SnapshotStatus.AVAILABLE ? whole : List.<Replica>of()) {
            for (DiskSnapshot disk : snapshot.disks()) {
                ReadFrom there = ReadFrom.only(copy.region());
                try (BlockSource source = service.openDisk(snapshot.id(), disk.device(), there)) {
                    require(
                            held.get(snapshot.id()).get(disk.device()).equals(digest(source)),
                            "%s in %s is not what was held",
                            disk,
                            copy.region());
                }
            }
        }
    }

    private Digest kept(Snapshot snapshot, DiskSnapshot disk) {
        VolumeSnapshots volumes = host.volumes().orElseThrow();
        VolumeSnapshot kept = volumes.listKept().stream()
                .filter(each -> each.snapshot().equals(snapshot.id()))
                .findFirst()
                .orElseThrow();
        try (BlockSource source = volumes.open(kept, disk.device())) {
            return digest(source);
        }
    }

    private void judgeStore(List<Snapshot> left) {
        stores.forEach((region, store) -> judgeStore(left, region, store));
    }

    private void judgeStore(List<Snapshot> left, String region, ObjectStore store) {
        List<String> kept = left.stream()
                .filter(s -> s.replica(region).isPresent())
                .filter(s -> s.status() == SnapshotStatus.AVAILABLE
                        || (s.status() == SnapshotStatus.REMOVED && isNeeded(s, left)))
                .map(s -> s.id().value())
                .toList();
        boolean zombies = isStalled();
        store.list("", Optional.empty(), 1000).items().stream()
                .map(object -> object.key().value())
                .filter(key -> kept.stream().noneMatch(key::contains))
                .forEach(key -> require(zombies, "left in %s: %s", region, key));
        store.listUploads("", Optional.empty(), 1000)
                .items()
                .forEach(upload ->
                        require(zombies, "unfinished: %s", upload.token().key()));
    }

    /** A copy that is to go stays as long as others in its region are built on it. */
    private static boolean isKeptForOthers(Replica copy, Snapshot owner, List<Snapshot> left) {
        List<Snapshot> there =
                left.stream().filter(s -> s.replica(copy.region()).isPresent()).toList();
        return copy.state() == Replica.State.DELETING && isNeeded(owner, there);
    }

    private static boolean isNeeded(Snapshot removed, List<Snapshot> left) {
        return left.stream()
                .filter(s -> s.status() == SnapshotStatus.AVAILABLE)
                .flatMap(s -> s.disks().stream())
                .flatMap(disk -> disk.older().stream())
                .anyMatch(older -> older.object().contains(removed.id().value()));
    }

    private void tell(String what) {
        trace.append(simulation.now() / 1_000_000).append(" ms: ").append(what).append('\n');
    }
}
