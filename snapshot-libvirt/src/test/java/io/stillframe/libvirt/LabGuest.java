package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** One guest of the lab, see {@code examples/lab/README.md}. Removed with all its files when closed. */
public final class LabGuest implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Path OVERLAYS = Path.of("/var/lib/libvirt/images");
    private static final Pattern SEQUENCE = Pattern.compile("(?m)^SEQ (\\d+)\\r?$");
    private static final Pattern FACT = Pattern.compile("(?m)^([a-z.]+)=(\\S+)$");

    private final Lab lab;
    private final String name;

    private LabGuest(Lab lab, String name) {
        this.lab = lab;
        this.name = name;
    }

    /** Defines a new guest that is off. */
    public static LabGuest create(Lab lab, String name, String... options) {
        LabGuest guest = new LabGuest(lab, name);
        lab.tryScript("vm.sh", "destroy", name);
        String[] arguments =
                Stream.concat(Stream.of("create", name), Stream.of(options)).toArray(String[]::new);
        lab.script("vm.sh", arguments);
        return guest;
    }

    public String name() {
        return name;
    }

    public Path directory() {
        return Lab.state().resolve("vm").resolve(name);
    }

    /** Starts it and waits until it is up. */
    public LabGuest boot() {
        lab.script("vm.sh", "start", name);
        return awaitUp();
    }

    /** Waits until the guest that was last started shows that all runs. */
    public LabGuest awaitUp() {
        lab.script("vm.sh", "wait", name, "GUEST ready", Long.toString(PATIENCE.toSeconds()));
        return this;
    }

    /** Waits until the guest of the next boot after {@code earlier} boots shows that all runs. */
    public LabGuest awaitUpAfter(int earlier) {
        lab.script(
                "vm.sh",
                "wait",
                name,
                "GUEST ready",
                Long.toString(PATIENCE.toSeconds()),
                Integer.toString(earlier + 1));
        return this;
    }

    public int boots() {
        return Integer.parseInt(lab.script("vm.sh", "boots", name).strip());
    }

    public String virsh(String command, String... arguments) {
        String[] all = Stream.concat(Stream.of("virsh", command, name), Stream.of(arguments))
                .toArray(String[]::new);
        return lab.command(all);
    }

    /** What the guest last said it had made durable on both disks. */
    public long sequence() {
        Matcher matcher = SEQUENCE.matcher(Lab.textOf(directory().resolve("console.log")));
        long last = 0;
        while (matcher.find()) {
            last = Long.parseLong(matcher.group(1));
        }
        return last;
    }

    /** Waits until the guest wrote something new to both disks, and returns the record that is durable then. */
    public long awaitWrites() {
        long before = sequence();
        return Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(this::sequence, now -> now > before);
    }

    public void forceOff() {
        lab.tryCommand("virsh", "destroy", name);
    }

    /** Kills the process that runs it, as a crash of QEMU would. */
    public void kill() {
        processes().forEach(ProcessHandle::destroyForcibly);
    }

    /** Stops the process that runs it from running, so that calls to its monitor stay unanswered until it is killed. */
    public void suspend() {
        for (ProcessHandle process : processes()) {
            lab.command("kill", "-STOP", Long.toString(process.pid()));
        }
    }

    /** Lets the process that runs it run again. */
    public void goOn() {
        for (ProcessHandle process : processes()) {
            lab.command("kill", "-CONT", Long.toString(process.pid()));
        }
    }

    public List<ProcessHandle> processes() {
        String uuid = lab.command("virsh", "domuuid", name).strip();
        return ProcessHandle.allProcesses()
                .filter(process -> runs(process, uuid))
                .toList();
    }

    public boolean isOff() {
        return lab.command("virsh", "domstate", name).contains("shut off");
    }

    public void awaitOff() {
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(this::isOff);
    }

    /** Powers it off hard and checks that its disks are consistent and hold everything up to that record. */
    public void assertKept(long record) {
        forceOff();
        awaitOff();
        assertConsistent(record, diskFiles());
    }

    /** Checks that images of its root and data disk are consistent and hold everything up to that record. */
    public Map<String, String> assertConsistent(long record, List<String> arguments) {
        Lab.Outcome check = lab.tryScript("checkimg.sh", arguments.toArray(String[]::new));
        assertThat(check.status()).as(check.output()).isZero();
        Map<String, String> facts = new HashMap<>();
        FACT.matcher(check.output()).results().forEach(fact -> facts.put(fact.group(1), fact.group(2)));
        assertThat(Long.parseLong(facts.getOrDefault("data.max", "0")))
                .as("last record on the data disk")
                .isGreaterThanOrEqualTo(record);
        return facts;
    }

    /** The files, block devices and volumes that its persistent definition names, in order, as QEMU's tools open them. */
    public List<String> diskFiles() {
        return lab.command("virsh", "domblklist", "--inactive", name)
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("vd"))
                .map(line -> line.split("\\s+", 2)[1])
                .map(place -> place.startsWith("/") ? place : "rbd:" + place)
                .toList();
    }

    /** An overlay over a block device is named after the device, of which nobody else has the same. */
    private boolean isOwn(String file) {
        return !file.startsWith("dev-") || diskFiles().stream().anyMatch(place -> file.startsWith(nameOf(place)));
    }

    private static String nameOf(String device) {
        return device.substring(1).replace('/', '-') + ".";
    }

    /** Its volumes of Ceph, as {@code POOL/IMAGE}. */
    public List<String> volumes() {
        Path noted = directory().resolve("volumes");
        return Files.exists(noted) ? Lab.textOf(noted).lines().toList() : List.of();
    }

    private Stream<String> snapshotsOf(String volume) {
        return lab.command("rbd", "snap", "ls", volume)
                .lines()
                .filter(line -> line.contains("stillframe"))
                .map(line -> volume + "@" + line.strip());
    }

    /** Everything in its directory that it was not made with, and snapshots of its volumes. */
    public List<String> leftovers() {
        try (Stream<Path> files = Stream.concat(
                Files.list(directory()), Files.exists(OVERLAYS) ? Files.list(OVERLAYS) : Stream.empty())) {
            return Stream.concat(
                            files.map(file -> file.getFileName().toString())
                                    .filter(file -> file.contains("stillframe"))
                                    .filter(this::isOwn),
                            volumes().stream().flatMap(this::snapshotsOf))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        lab.tryScript("vm.sh", "destroy", name);
    }

    private static boolean runs(ProcessHandle process, String uuid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"))
                    .contains("\0-uuid\0" + uuid + "\0");
        } catch (IOException e) {
            return false;
        }
    }
}
