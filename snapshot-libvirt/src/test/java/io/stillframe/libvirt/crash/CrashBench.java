package io.stillframe.libvirt.crash;

import io.stillframe.SnapshotService;
import io.stillframe.image.DiskCopy;
import io.stillframe.image.RawFileTarget;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.internal.file.ChildJvm;
import io.stillframe.libvirt.Lab;
import io.stillframe.libvirt.LabGuest;
import io.stillframe.libvirt.LibvirtHypervisor;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.RecoveryReport.Outcome;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
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

    private CrashBench(Lab lab, URI uri, String name, Optional<URI> database, List<String> disks) {
        this.lab = lab;
        this.uri = uri;
        List<String> options = new ArrayList<>(disks);
        options.addAll(List.of("--data-size", "64M", "--data-format", "raw", "--args", "seq_ms=5"));
        this.guest = LabGuest.create(lab, name, options.toArray(String[]::new)).boot();
        this.home = createHome();
        this.catalogUri = database.orElseGet(() -> home.resolve("catalog").toUri());
        this.storeUri = home.resolve("store").toUri();
        this.hypervisor = LibvirtHypervisor.open(uri);
        this.catalog = Plugins.catalog(catalogUri);
        this.store = Plugins.store(storeUri);
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
        String subject = subject(work);
        ChildJvm child = child();
        child.send(Order.dryRun(work, subject).line());
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
        String subject = subject(order.work());
        int console = console().length();
        ChildJvm child = child();
        child.send(new Order(order.work(), subject, order.at(), order.act(), order.delayMillis()).line());
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
        Optional<Snapshot> snapshot = snapshot();
        snapshot.ifPresent(s -> judgeSnapshot(found, s, held ? Optional.of(kept) : Optional.empty(), written, order));
        judgeLeftovers(found, snapshot);
        restore(order.work(), found.leftovers);
        removeAll(kept);
        boolean reached = harm.isDone() || killed;
        return new Verdict(
                harm + order.toString(),
                reached,
                found.guest,
                found.chain,
                snapshot.map(s -> s.status().name()).orElse("none") + (killed ? "" : " (" + end + ")"),
                found.content,
                found.leftovers,
                recovery,
                (System.nanoTime() - start) / 1_000_000);
    }

    /** What a case's judges find. */
    private static final class Found {
        private String guest = Verdict.RUNNING;
        private String chain = Verdict.AS_BEFORE;
        private String content = "";
        private final List<String> leftovers = new ArrayList<>();
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
        ChildJvm child = next.orElseGet(this::started);
        next = Optional.empty();
        while (!child.line().equals("READY")) {
            // What it says before is of no interest.
        }
        return child;
    }

    private ChildJvm started() {
        return ChildJvm.start(
                CrashChild.class, uri.toString(), catalogUri.toString(), storeUri.toString(), guest.name());
    }

    private void prepare() {
        next = Optional.of(started());
    }

    /** An available snapshot, for work that needs one. */
    private String subject(Work work) {
        if (work.captures()) {
            return "";
        }
        try (SnapshotService service = node()) {
            Snapshot snapshot = service.create(SnapshotRequest.of(guest.name()).withCapture(CaptureMode.LIVE));
            Snapshot settled = service.await(snapshot.id(), SnapshotService.settled(), CrashChild.LONG);
            if (settled.status() != SnapshotStatus.AVAILABLE) {
                throw new AssertionError("no snapshot to work on: " + settled);
            }
            return settled.id().value();
        }
    }

    /** While a point in time is held, the disks below the overlays do not change: copies of them are what has to be stored. */
    private boolean keepHeld(Path kept) {
        Map<String, String> disks = disks();
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

    private Map<String, String> disks() {
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
            snapshot()
                    .filter(left -> left.status() == SnapshotStatus.AVAILABLE)
                    .ifPresent(left -> service.await(left.id(), CrashChild::isCopied, CrashChild.LONG));
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
            found.chain = "CHANGED: " + disks();
        }
        if (disks().values().stream().anyMatch(file -> file.contains(".stillframe-"))) {
            found.chain = "CHANGED: " + disks();
        }
    }

    private String console() {
        return Lab.textOf(guest.directory().resolve("console.log"));
    }

    private String definition() {
        return lab.command("virsh", "dumpxml", "--inactive", "--security-info", guest.name());
    }

    private Optional<Snapshot> snapshot() {
        return catalog.list(Optional.empty(), 10).items().stream()
                .map(CatalogRecord::snapshot)
                .findFirst();
    }

    private void judgeSnapshot(Found found, Snapshot snapshot, Optional<Path> kept, long written, Order order) {
        boolean cancellable = order.work().cancels() || order.act() == Order.Act.CANCEL;
        switch (snapshot.status()) {
            case AVAILABLE -> judgeContent(found, snapshot, kept, written);
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
        Path directory = home.resolve("read");
        try (SnapshotService service = node()) {
            Files.createDirectories(directory);
            List<String> images = new ArrayList<>(List.of("--format", "raw"));
            for (DiskSnapshot disk : snapshot.disks()) {
                Path copy = directory.resolve(disk.device() + ".raw");
                export(service, snapshot, disk, copy);
                images.add(copy.toString());
                kept.ifPresent(k -> compare(copy, k.resolve(disk.device())));
            }
            guest.assertConsistent(written, images);
            found.content = kept.isPresent() ? "as held, consistent" : "digest, consistent";
        } catch (IOException | SnapshotException | AssertionError e) {
            found.content = "WRONG: " + e;
        } finally {
            removeAll(directory);
        }
    }

    private static void export(SnapshotService service, Snapshot snapshot, DiskSnapshot disk, Path copy) {
        try (BlockSource source = service.openDisk(snapshot.id(), disk.device());
                BlockTarget target = RawFileTarget.create(copy, source.size())) {
            var digest = DiskCopy.run(
                    source, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.finish();
            if (disk.content().isPresent() && !digest.equals(disk.content())) {
                throw new AssertionError(disk.device() + " has digest " + digest + ", not " + disk.content());
            }
        }
    }

    private void compare(Path stored, Path held) {
        Lab.Outcome outcome = lab.tryCommand("qemu-img", "compare", "-f", "raw", stored.toString(), held.toString());
        if (outcome.status() != 0) {
            throw new AssertionError("not what was held: " + outcome.output());
        }
    }

    private void judgeLeftovers(Found found, Optional<Snapshot> snapshot) {
        String kept = snapshot.filter(s -> s.status() == SnapshotStatus.AVAILABLE)
                .map(s -> s.id().value())
                .orElse("none");
        guest.leftovers().stream()
                .filter(left -> !left.contains("stillframe-kept-" + kept))
                .forEach(found.leftovers::add);
        hypervisor.capture().listHeld().stream()
                .filter(plan -> plan.state().contains(guest.name()))
                .forEach(plan -> found.leftovers.add("held: " + plan.snapshot()));
        stored().stream().filter(file -> !file.contains(kept)).forEach(file -> found.leftovers.add("stored: " + file));
        store.listUploads("", Optional.empty(), 10)
                .items()
                .forEach(upload ->
                        found.leftovers.add("upload: " + upload.token().key()));
        for (CatalogRecord record : catalog.list(Optional.empty(), 10).items()) {
            if (record.claim().isPresent()) {
                found.leftovers.add("claim: " + record.claim().get());
            }
            if (!record.snapshot().obligations().isEmpty()) {
                found.leftovers.add("owed: " + record.snapshot().obligations());
            }
        }
        launchLeftovers().forEach(found.leftovers::add);
    }

    /** All files of the store's directory; the store's own folders stay. */
    private List<String> stored() {
        try (Stream<Path> files = Files.walk(home.resolve("store"))) {
            return files.filter(Files::isRegularFile)
                    .map(file -> home.resolve("store").relativize(file).toString())
                    .filter(file -> !file.equals(".stillframe/store.json"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String copyName() {
        return guest.name() + "-copy";
    }

    private List<Path> copyFiles() {
        try (Stream<Path> files = Files.list(guest.directory())) {
            return files.filter(file -> file.getFileName().toString().startsWith(copyName()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Clones of the guest's volumes, as {@code POOL/IMAGE}. */
    private List<String> copyVolumes() {
        return guest.volumes().stream()
                .map(volume -> volume.substring(0, volume.indexOf('/')))
                .distinct()
                .flatMap(pool -> lab.command("rbd", "ls", pool).lines().map(image -> pool + "/" + image))
                .filter(volume -> volume.contains("/" + copyName()))
                .toList();
    }

    /** A launched copy is complete or not there at all. */
    private List<String> launchLeftovers() {
        List<String> disks = Stream.concat(copyFiles().stream().map(Path::toString), copyVolumes().stream())
                .toList();
        if (lab.tryCommand("virsh", "domuuid", copyName()).status() != 0) {
            return disks.stream().map(disk -> "launch: " + disk).toList();
        }
        String xml = lab.command("virsh", "dumpxml", "--inactive", copyName());
        return disks.stream()
                .filter(disk -> !xml.contains(disk))
                .map(disk -> "launch: " + disk)
                .toList();
    }

    /** Removes what the case has made; that it can be removed is part of the verdict. */
    private void restore(Work work, List<String> leftovers) {
        if (work.launches()) {
            lab.tryCommand("virsh", "destroy", copyName());
            lab.tryCommand("virsh", "undefine", copyName());
            copyFiles().forEach(CrashBench::removeAll);
            copyVolumes().forEach(volume -> lab.command("rbd", "rm", "--no-progress", volume));
        }
        try (SnapshotService service = node()) {
            for (CatalogRecord record : catalog.list(Optional.empty(), 10).items()) {
                service.delete(record.snapshot().id());
            }
        } catch (SnapshotException e) {
            leftovers.add("cannot be deleted: " + e.getMessage());
        }
        stored().forEach(file -> leftovers.add("stored after deletion: " + file));
        guest.leftovers().forEach(left -> leftovers.add("left after deletion: " + left));
    }

    private static void removeAll(Path place) {
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
