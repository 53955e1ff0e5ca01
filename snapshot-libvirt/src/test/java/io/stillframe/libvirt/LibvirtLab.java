package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.DiskCopy;
import io.stillframe.image.RawFileTarget;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.contract.HypervisorLab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** The contract kits' lab on real guests under libvirt. */
final class LibvirtLab implements HypervisorLab {
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final Lab lab = Lab.open();
    private final Map<String, LabGuest> guests = new LinkedHashMap<>();
    private final Map<String, Long> written = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    private final Optional<String> pool;
    private final String[] disks;

    /** @param disks how guests' disks are made, as options of the lab's {@code vm.sh create} */
    LibvirtLab(String... disks) {
        this(Optional.empty(), disks);
    }

    private LibvirtLab(Optional<String> pool, String... disks) {
        this.pool = pool;
        this.disks = disks;
    }

    /**
     * A lab whose guests have volumes of Ceph, see {@link CephCluster}.
     *
     * @param pool where they and those of launched instances are
     */
    static LibvirtLab onVolumes(String pool, String... disks) {
        return new LibvirtLab(Optional.of(pool), disks);
    }

    @Override
    public Set<Ability> abilities() {
        return EnumSet.allOf(Ability.class);
    }

    @Override
    public Hypervisor connect() {
        return LibvirtHypervisor.open(URI.create(Lab.URI));
    }

    @Override
    public String newName() {
        String name =
                (pool.isPresent() ? "rbd-" : "lv-") + ProcessHandle.current().pid() + "-" + NAMES.incrementAndGet();
        names.add(name);
        return name;
    }

    @Override
    public String newInstance(GuestKind kind) {
        String name = newName();
        Stream<String> options = kind == GuestKind.OBEDIENT
                ? Stream.of(disks)
                : Stream.concat(Stream.of(disks), Stream.of("--args", "noacpi_btn noagent"));
        guests.put(name, LabGuest.create(lab, name, options.toArray(String[]::new)));
        return name;
    }

    @Override
    public void boot(String instance) {
        guest(instance).boot();
    }

    @Override
    public void awaitGuest(String instance) {
        guest(instance).awaitUp();
    }

    @Override
    public void writeInGuest(String instance) {
        written.put(instance, guest(instance).awaitWrites());
    }

    @Override
    public void assertWritesKept(String instance) {
        guest(instance).assertKept(written.getOrDefault(instance, 0L));
    }

    @Override
    public void assertOneMoment(String instance, Map<String, BlockSource> disks) {
        try {
            Path directory = Files.createTempDirectory(Path.of("/var/tmp"), "moment");
            List<Path> copies = new ArrayList<>();
            try {
                disks.forEach((device, content) -> copies.add(copy(content, directory.resolve(device + ".raw"))));
                List<String> arguments = new ArrayList<>(List.of("--format", "raw"));
                copies.forEach(copy -> arguments.add(copy.toString()));
                guest(instance).assertConsistent(0, arguments);
            } finally {
                for (Path copy : copies) {
                    Files.deleteIfExists(copy);
                }
                Files.delete(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path copy(BlockSource content, Path target) {
        try (BlockTarget raw = RawFileTarget.create(target, content.size())) {
            DiskCopy.run(content, raw, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            raw.finish();
        }
        return target;
    }

    @Override
    public void rebootFromInside(String instance) {
        guest(instance).virsh("reboot", "--mode", "agent");
    }

    @Override
    public void crash(String instance) {
        guest(instance).kill();
    }

    @Override
    public void copyDisk(String instance, String device, Path target) {
        List<String> files = guest(instance).diskFiles();
        lab.command(
                "qemu-img", "convert", "-U", "-O", "raw", files.get(device.equals("vda") ? 0 : 1), target.toString());
    }

    @Override
    public List<String> leftovers(String instance) {
        return guests.containsKey(instance) ? guest(instance).leftovers() : filesOfLaunched(instance);
    }

    private LabGuest guest(String instance) {
        LabGuest guest = guests.get(instance);
        if (guest == null) {
            throw new AssertionError("the lab made no guest " + instance);
        }
        return guest;
    }

    private List<String> filesOfLaunched(String instance) {
        boolean defined = lab.tryCommand("virsh", "domuuid", instance).status() == 0;
        String xml = defined ? lab.command("virsh", "dumpxml", instance) : "";
        return Stream.concat(launchedFiles(instance).stream().map(Path::toString), volumesOfLaunched(instance).stream())
                .filter(file -> !xml.contains(file))
                .toList();
    }

    /** A launched instance's files lie beside its original's disks and begin with its name. */
    private List<Path> launchedFiles(String instance) {
        List<Path> found = new ArrayList<>();
        for (LabGuest guest : guests.values()) {
            try (Stream<Path> files = Files.list(guest.directory())) {
                files.filter(file -> file.getFileName().toString().startsWith(instance + "-"))
                        .forEach(found::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return found;
    }

    private List<String> volumesOfLaunched(String instance) {
        return pool.stream()
                .flatMap(name -> lab.command("rbd", "ls", name).lines().map(volume -> name + "/" + volume))
                .filter(volume -> volume.contains("/" + instance + "-"))
                .toList();
    }

    @Override
    public Duration patience() {
        return Duration.ofSeconds(60);
    }

    @Override
    public Duration interval() {
        return Duration.ofMillis(500);
    }

    @Override
    public void close() {
        for (String name : names) {
            if (!guests.containsKey(name)
                    && lab.tryCommand("virsh", "domuuid", name).status() == 0) {
                lab.tryCommand("virsh", "destroy", name);
                lab.tryCommand("virsh", "undefine", name);
            }
            if (!guests.containsKey(name)) {
                volumesOfLaunched(name).forEach(volume -> lab.tryCommand("rbd", "rm", "--no-progress", volume));
            }
        }
        guests.values().forEach(LabGuest::close);
        assertThat(lab.command("virsh", "list", "--all", "--name").lines()).noneMatch(names::contains);
    }
}
