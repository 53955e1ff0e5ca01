package io.stillframe.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.DiskRole;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.contract.HypervisorLab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

/** The contract kits' lab on a simulated hypervisor. */
final class SimulatedLab implements HypervisorLab {
    private static final int MIB = 1 << 20;

    private final SimulatedHypervisor hypervisor = SimulatedHypervisor.builder().build();
    private final Map<String, SimulatedSequence> sequences = new HashMap<>();
    private final Map<String, Long> numbers = new HashMap<>();
    private final boolean onVolumes;
    private int names;

    SimulatedLab() {
        this(false);
    }

    private SimulatedLab(boolean onVolumes) {
        this.onVolumes = onVolumes;
    }

    /** A lab whose instances' disks are volumes. */
    static SimulatedLab onVolumes() {
        return new SimulatedLab(true);
    }

    @Override
    public Set<Ability> abilities() {
        return EnumSet.allOf(Ability.class);
    }

    @Override
    public Hypervisor connect() {
        return hypervisor.connect();
    }

    @Override
    public String newName() {
        return "instance-" + ++names;
    }

    @Override
    public String newInstance(GuestKind kind) {
        String name = newName();
        byte[] content = new byte[3 * MIB / 2];
        new Random(names).nextBytes(content);
        SimulatedInstance.Builder instance = SimulatedInstance.named(name);
        hypervisor.add((onVolumes ? instance.onVolumes() : instance)
                .disk("vda", DiskRole.ROOT, 10 * MIB + 512)
                .content("vda", MIB / 2 + 100, content)
                .disk("vdb", DiskRole.DATA, 4 * MIB)
                .agent(kind == GuestKind.OBEDIENT ? AgentBehaviour.ANSWERS : AgentBehaviour.ABSENT)
                .onShutdown(
                        kind == GuestKind.OBEDIENT
                                ? ShutdownBehaviour.obeysAfterEvents(2)
                                : ShutdownBehaviour.ignores())
                .build());
        sequences.put(name, hypervisor.guest(name).sequence("vda", "vdb"));
        return name;
    }

    @Override
    public void boot(String instance) {
        hypervisor.guest(instance).start();
    }

    @Override
    public void awaitGuest(String instance) {
        assertThat(hypervisor.guest(instance).state().isOff()).isFalse();
    }

    @Override
    public void writeInGuest(String instance) {
        SimulatedSequence sequence = Objects.requireNonNull(sequences.get(instance));
        sequence.step();
        numbers.put(instance, sequence.step() / 2);
    }

    @Override
    public void assertWritesKept(String instance) {
        SimulatedGuest guest = hypervisor.guest(instance);
        for (String device : List.of("vda", "vdb")) {
            try (BlockSource disk = guest.content(device)) {
                assertThat(SimulatedSequence.number(disk)).isEqualTo(numbers.get(instance));
            }
        }
    }

    @Override
    public void assertOneMoment(String instance, Map<String, BlockSource> disks) {
        assertThat(SimulatedSequence.lag(
                        Objects.requireNonNull(disks.get("vda")), Objects.requireNonNull(disks.get("vdb"))))
                .isBetween(0L, 1L);
    }

    @Override
    public void rebootFromInside(String instance) {
        hypervisor.guest(instance).reboot();
    }

    @Override
    public void crash(String instance) {
        hypervisor.guest(instance).crash();
    }

    @Override
    public void copyDisk(String instance, String device, Path target) {
        try (BlockSource disk = hypervisor.guest(instance).content(device)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) disk.size());
            disk.read(0, bytes);
            Files.write(target, bytes.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public List<String> leftovers(String instance) {
        return hypervisor.unfinishedLaunches() == 0 ? List.of() : List.of("disks of a launch");
    }

    @Override
    public Duration patience() {
        return Duration.ofSeconds(10);
    }

    @Override
    public Duration interval() {
        return Duration.ofMillis(1);
    }

    @Override
    public void close() {
        hypervisor.close();
    }
}
