package io.stillframe.libvirt.crash;

import io.stillframe.SnapshotService;
import io.stillframe.internal.file.ChildJvm;
import io.stillframe.libvirt.Lab;
import io.stillframe.libvirt.LabGuest;
import io.stillframe.libvirt.LibvirtHypervisor;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.RecoveryReport.Outcome;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Storing;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.SnapshotCatalog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One guest, one catalog and one store, on which case after case is tried: a child works and is killed, this process is the other node
 * that recovers, and then everything is looked at. Every case leaves it as it found it, or the verdict says what is different.
 */
final class CrashBench implements AutoCloseable {
    private static final Pattern BROKEN =
            Pattern.compile("(?m)^SEQ (mismatch|error).*$|^SEQ file.*(gaps|bad)=[1-9].*$");

    private final Lab lab;
    private final URI uri;
    private final LabGuest guest;
    private final Path home;
    private final URI catalogUri;
    private final URI storeUri;
    private final LibvirtHypervisor hypervisor;
    private final SnapshotCatalog catalog;
    private final ObjectStore store;
    private final StoredDisks disks;
    private final Leftovers leftovers;
    private final String definition;
    private Optional<ChildJvm> next = Optional.empty();

    /** Boots a guest for it; the catalog is a directory's. */
    CrashBench(Lab lab, URI uri, String name) {
        this(lab, uri, name, Optional.empty());
    }

    /** Boots a guest for it. */
    CrashBench(Lab lab, URI uri, String name, Optional<URI> database) {
        this(lab, uri, name, database, List.of());
    }

    /** Boots a guest for it whose disks are volumes of that pool. */
    static CrashBench onVolumes(Lab lab, URI uri, String name, String pool) {
        return new CrashBench(lab, uri, name, Optional.empty(), List.of("--root-rbd", pool, "--data-rbd", pool));
    }

    private CrashBench(Lab lab, URI uri, String name, Optional<URI> database, List<String> volumes) {
        this.lab = lab;
        this.uri = uri;
        List<String> options = new ArrayList<>(volumes);
        options.addAll(List.of("--data-size", "64M", "--data-format", "raw", "--args", "seq_ms=5"));
        this.guest = LabGuest.create(lab, name, options.toArray(String[]::new)).boot();
        this.home = createHome();
        this.catalogUri = database.orElseGet(() -> home.resolve("catalog").toUri());
        this.storeUri = home.resolve("store").toUri();
        this.hypervisor = LibvirtHypervisor.open(uri);
        this.catalog = Plugins.catalog(catalogUri);
        this.store = Plugins.store(storeUri);
        this.disks = new StoredDisks(lab, guest, home.resolve("read"));
        this.leftovers = new Leftovers(lab, guest, hypervisor, catalog, store, storeDirectory());
        this.definition = definition();
    }

    private static Path createHome() {
        try {
            Path home = Files.createTempDirectory(Path.of("/var/tmp"), "stillframe-crash");
            Files.createDirectories(home.resolve("catalog"));
            Files.createDirectories(home.resolve("store"));
            return home;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    LabGuest guest() {
        return guest;
    }

    Path storeDirectory() {
        return home.resolve("store");
    }

    /** The other node. */
    SnapshotService node() {
        return SnapshotService.builder()
                .hypervisor(uri)
                .catalog(catalogUri)
                .store(storeUri)
                .settings(CrashChild.settings())
                .build();
    }

    /** What a child's work passes, in order, with the time of each. */
    List<Timed> dryRun(Work work) {
        Given given = given(work);
        ChildJvm child = child();
        child.send(Order.dryRun(work, given.subjectText()).line());
        List<Timed> points = new ArrayList<>();
        for (String line : child.lines()) {
            if (line.startsWith("POINT ")) {
                points.add(Timed.parse(line));
            }
        }
        child.join();
        restore(work, new ArrayList<>());
        return points;
    }

    /** Runs one case; {@code harm} is done when the child waits, and gives what ends it. */
    Verdict run(Order order, Harm harm) {
        long start = System.nanoTime();
        long written = guest.sequence();
        Given given = given(order.work());
        int console = console().length();
        ChildJvm child = child();
        child.send(new Order(order.work(), given.subjectText(), order.at(), order.act(), order.delayMillis()).line());
        String end = attend(child, harm);
        boolean killed = child.join() == 128 + CrashChild.SIGKILL;
        harm.awaitOver();
        prepare();
        Path kept = home.resolve("kept");
        boolean held = keepHeld(kept);
        Found found = new Found();
        String recovery = recover(found);
        if (harm.mayStopGuest(order) && guest.isOff()) {
            guest.boot();
            recovery += " (the guest's crash was nobody's duty; started by hand)";
        }
        judgeGuest(found, console);
        Optional<Snapshot> snapshot = snapshots().filter(given::isJudged).findFirst();
        snapshot.ifPresent(s -> judgeSnapshot(found, s, held ? Optional.of(kept) : Optional.empty(), written, order));
        judgeOthers(found, given);
        awaitNext();
        found.leftovers.addAll(leftovers.find());
        if (order.work() == Work.DELETE_BASE) {
            finish(found, given);
        }
        restore(order.work(), found.leftovers);
        removeAll(kept);
        boolean reached = harm.isDone() || killed;
        return new Verdict(
                harm + order.toString(),
                reached,
                found.guest,
                found.chain,
                snapshot.map(s -> s.status().name()).orElse("none") + (killed ? "" : " (" + end + ")"),
                found.all(),
                found.leftovers,
                recovery,
                (System.nanoTime() - start) / 1_000_000);
    }

    /** What a case's judges find. */
    private static final class Found {
        private String guest = Verdict.RUNNING;
        private String chain = Verdict.AS_BEFORE;
        private String content = "";
        private String others = "";
        private final List<String> leftovers = new ArrayList<>();

        private String all() {
            return content.isEmpty() || others.isEmpty() ? content + others : content + ", " + others;
        }
    }

    /** Stops the guest and proves by its disks that it lost nothing; it runs again afterwards. */
    void proveDisks() {
        long written = guest.awaitWrites();
        guest.assertKept(written);
        guest.boot();
    }

    private String attend(ChildJvm child, Harm harm) {
        String end = "ended early";
        for (Optional<String> line = child.nextLine(); line.isPresent(); line = child.nextLine()) {
            if (line.get().equals("AT")) {
                harm.begin();
                child.send("go on");
            } else if (line.get().startsWith("DONE")) {
                end = line.get();
            }
        }
        return end;
    }

    /** The child of this case, that was started during the last one. */
    private ChildJvm child() {
        if (next.isEmpty()) {
            prepare();
            awaitNext();
        }
        ChildJvm child = next.orElseThrow();
        next = Optional.empty();
        return child;
    }

    /** Waits until it has opened its plugins: what it writes meanwhile is nothing that a case has left. */
    private void awaitNext() {
        while (!next.orElseThrow().line().equals("READY")) {
            // What it says before is of no interest.
        }
    }

    private ChildJvm started() {
        return ChildJvm.start(
                CrashChild.class, uri.toString(), catalogUri.toString(), storeUri.toString(), guest.name());
    }

    private void prepare() {
        next = Optional.of(started());
    }

    /** Available snapshots, for work that needs some. */
    private Given given(Work work) {
        if (work.captures() && !work.isBuiltOn()) {
            return Given.NOTHING;
        }
        try (SnapshotService service = node()) {
            Snapshot older = taken(service, work);
            if (work == Work.CHANGES) {
                return new Given(Optional.empty(), List.of(older));
            }
            if (!work.isBuiltOn()) {
                return Given.about(older);
            }
            guest.awaitWrites();
            Snapshot younger = taken(service, work);
            if (younger.disks().stream().allMatch(disk -> disk.older().isEmpty())) {
                throw new AssertionError("no snapshot that is built on another one: " + younger);
            }
            if (work == Work.DELETE_BASE) {
                return Given.about(older, younger);
            }
            service.delete(older.id());
            return Given.about(younger);
        }
    }

    private Snapshot taken(SnapshotService service, Work work) {
        SnapshotRequest request = SnapshotRequest.of(guest.name())
                .withCapture(CaptureMode.LIVE)
                .withStoring(work.isBuiltOn() ? Storing.CHANGES : Storing.WHOLE);
        SnapshotId id = service.create(request).id();
        Snapshot settled = service.await(id, SnapshotService.settled(), CrashChild.LONG);
        if (settled.status() != SnapshotStatus.AVAILABLE) {
            throw new AssertionError("no snapshot to work on: " + settled);
        }
        return settled;
    }

    /** While a point in time is held, the disks below the overlays do not change: copies of them are what has to be stored. */
    private boolean keepHeld(Path kept) {
        Map<String, String> disks = attached();
        boolean held = disks.values().stream().allMatch(file -> file.contains(".stillframe-"))
                && guest.leftovers().stream().noneMatch(file -> file.contains(".merg"));
        if (!held) {
            return false;
        }
        disks.forEach((device, file) -> lab.command(
                "sh",
                "-c",
                "mkdir -p \"$2\" && cp --sparse=always \"$1\" \"$2/$3\"",
                "sh",
                file.substring(0, file.indexOf(".stillframe-")),
                kept.toString(),
                device));
        return true;
    }

    private Map<String, String> attached() {
        return lab.command("virsh", "domblklist", guest.name())
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("vd"))
                .collect(Collectors.toMap(
                        line -> line.split("\\s+", 2)[0],
                        line -> line.split("\\s+", 2)[1],
                        (a, b) -> a,
                        LinkedHashMap::new));
    }

    private String recover(Found found) {
        try (SnapshotService service = node()) {
            RecoveryReport report = service.recover(new Cancellation());
            for (SnapshotId id : report.with(Outcome.RESUMED)) {
                service.await(id, SnapshotService.settled(), CrashChild.LONG);
            }
            snapshots()
                    .filter(left -> left.status() == SnapshotStatus.AVAILABLE)
                    .forEach(left -> service.await(left.id(), CrashChild::isCopied, CrashChild.LONG));
            report.with(Outcome.STILL_OWED).forEach(id -> found.leftovers.add("owed after recovery: " + id));
            return report.items().stream()
                    .map(item -> item.outcome().name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "));
        } catch (SnapshotException e) {
            found.leftovers.add("recovery: " + e.getMessage());
            return "threw";
        }
    }

    private void judgeGuest(Found found, int consoleBefore) {
        if (guest.isOff()) {
            found.guest = "OFF";
            guest.boot();
        }
        try {
            guest.awaitWrites();
            guest.awaitWrites();
        } catch (RuntimeException e) {
            found.guest = "WRITES NOTHING";
        }
        BROKEN.matcher(console().substring(consoleBefore)).results().forEach(r -> found.guest = "BROKEN: " + r.group());
        String now = definition();
        if (!now.equals(definition)) {
            found.chain = "CHANGED: " + attached();
        }
        if (attached().values().stream().anyMatch(file -> file.contains(".stillframe-"))) {
            found.chain = "CHANGED: " + attached();
        }
    }

    private String console() {
        return Lab.textOf(guest.directory().resolve("console.log"));
    }

    private String definition() {
        return lab.command("virsh", "dumpxml", "--inactive", "--security-info", guest.name());
    }

    private Stream<Snapshot> snapshots() {
        return catalog.list(Optional.empty(), 10).items().stream().map(CatalogRecord::snapshot);
    }

    private void judgeSnapshot(Found found, Snapshot snapshot, Optional<Path> kept, long written, Order order) {
        boolean cancellable = order.work().cancels() || order.act() == Order.Act.CANCEL;
        switch (snapshot.status()) {
            case AVAILABLE -> {
                judgeContent(found, snapshot, kept, written);
                // The guest may have written everything on its small data disk anew.
                if (order.work() == Work.CHANGES
                        && snapshot.disks().stream()
                                .allMatch(disk -> disk.older().isEmpty())) {
                    found.content = "WRONG: stored whole";
                }
            }
            case REMOVED -> {
                if (order.work() != Work.DELETE_BASE) {
                    found.content = "WRONG: removed, but something is left";
                }
            }
            case FAILED -> {}
            case CANCELLED -> {
                if (!cancellable) {
                    found.content = "WRONG: cancelled by nobody";
                }
            }
            default -> found.content = "WRONG: not settled";
        }
    }

    private void judgeContent(Found found, Snapshot snapshot, Optional<Path> kept, long written) {
        try (SnapshotService service = node()) {
            disks.prove(service, snapshot, kept, written);
            found.content = kept.isPresent() ? "as held, consistent" : "digest, consistent";
        } catch (SnapshotException | AssertionError e) {
            found.content = "WRONG: " + e;
        }
    }

    /** What the work is not about is as it was, whatever became of the rest. */
    private void judgeOthers(Found found, Given given) {
        try (SnapshotService service = node()) {
            for (Snapshot other : given.others()) {
                if (service.get(other.id()).status() != SnapshotStatus.AVAILABLE) {
                    throw new AssertionError(other.id() + " is not available any more");
                }
                disks.proveSame(service, other);
                found.others = "the other as before";
            }
        } catch (SnapshotException | AssertionError e) {
            found.content = "WRONG: the other one: " + e;
        }
    }

    /** A base that was not removed, or not wholly, is removed when that is asked for again; then the younger one has what it needs. */
    private void finish(Found found, Given given) {
        SnapshotId base = given.subject().orElseThrow();
        try (SnapshotService service = node()) {
            if (isShown(service, base)) {
                service.delete(base);
            }
            if (isShown(service, base)) {
                found.leftovers.add("still there after deletion: " + base);
            }
        } catch (SnapshotException e) {
            found.leftovers.add("cannot be deleted: " + e.getMessage());
        }
        judgeOthers(found, given);
        found.leftovers.addAll(leftovers.find());
    }

    private static boolean isShown(SnapshotService service, SnapshotId id) {
        try {
            return service.get(id).id().equals(id);
        } catch (SnapshotException e) {
            if (e.kind() == SnapshotException.Kind.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    /** Removes what the case has made; that it can be removed is part of the verdict. */
    private void restore(Work work, List<String> found) {
        if (work.launches()) {
            leftovers.removeLaunched();
        }
        try (SnapshotService service = node()) {
            for (CatalogRecord record : catalog.list(Optional.empty(), 10).items()) {
                // One that is removed already goes with those that are built on it.
                if (record.snapshot().status() != SnapshotStatus.REMOVED) {
                    service.delete(record.snapshot().id());
                }
            }
        } catch (SnapshotException e) {
            found.add("cannot be deleted: " + e.getMessage());
        }
        found.addAll(leftovers.findAfterAll());
    }

    static void removeAll(Path place) {
        if (!Files.exists(place)) {
            return;
        }
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        next.ifPresent(ChildJvm::close);
        hypervisor.close();
        catalog.close();
        store.close();
        guest.close();
        removeAll(home);
    }
}
