package io.stillframe.hypervisor;

import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.contract.HypervisorLab;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** The contract kits' lab on a directory of its own, with instances as a person would write them. */
final class ImageDirectoryLab implements HypervisorLab {
    private static final int MIB = 1 << 20;

    private final Path directory;
    private int names;

    ImageDirectoryLab() {
        try {
            directory = Files.createTempDirectory("images");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Set<Ability> abilities() {
        return EnumSet.of(Ability.INDEPENDENT_READ);
    }

    @Override
    public Hypervisor connect() {
        return ImageDirectoryHypervisor.open(directory);
    }

    @Override
    public String newName() {
        return "image-" + ++names;
    }

    @Override
    public String newInstance(GuestKind kind) {
        String name = newName();
        Path home = directory.resolve(name);
        try {
            Files.createDirectory(home);
            byte[] content = new byte[3 * MIB / 2];
            new Random(names).nextBytes(content);
            try (RandomAccessFile root =
                    new RandomAccessFile(home.resolve("root.img").toFile(), "rw")) {
                root.setLength(10 * MIB + 512);
                root.seek(MIB / 2 + 100);
                root.write(content);
            }
            try (RandomAccessFile data =
                    new RandomAccessFile(home.resolve("data.img").toFile(), "rw")) {
                data.setLength(4 * MIB);
            }
            Files.writeString(home.resolve("instance.json"), """
                    {
                      "version": 1,
                      "id": "hand-made-%s",
                      "name": "%s",
                      "owner": "a field of somebody else's",
                      "disks": [
                        {"device": "vda", "role": "root", "file": "root.img", "format": "raw"},
                        {"device": "vdb", "role": "data", "file": "data.img", "format": "raw"}
                      ]
                    }
                    """.formatted(name, name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return name;
    }

    @Override
    public void copyDisk(String instance, String device, Path target) {
        try {
            Files.copy(directory.resolve(instance).resolve(device.equals("vda") ? "root.img" : "data.img"), target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public List<String> leftovers(String instance) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> !file.equals(directory))
                    .map(file -> directory.relativize(file).toString())
                    .filter(file -> (file.startsWith(".") && !file.equals(".held")) || file.endsWith(".partial"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
