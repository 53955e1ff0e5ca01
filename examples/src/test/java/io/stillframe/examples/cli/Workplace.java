package io.stillframe.examples.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;

/**
 * A directory with an instance of one disk-image file, a store and its catalog.
 *
 * @param directory holds all of it
 */
record Workplace(Path directory) {
    static final String INSTANCE = "web-1";
    static final long DISK_SIZE = 24 << 20;

    /** Makes an instance whose disk has data, zeros and holes. */
    static Workplace create(Path directory, long seed) throws IOException {
        Workplace place = new Workplace(directory);
        Path home = Files.createDirectories(directory.resolve("instances").resolve(INSTANCE));
        Files.writeString(home.resolve("instance.json"), """
                {"version": 1, "id": "web-1-id", "name": "web-1",
                 "disks": [{"device": "vda", "role": "root", "file": "disk.raw", "format": "raw"}]}
                """);
        fill(place.disk(), seed);
        return place;
    }

    Path disk() {
        return directory.resolve("instances").resolve(INSTANCE).resolve("disk.raw");
    }

    Map<String, String> environment() {
        return Map.of(
                Places.HYPERVISOR_VARIABLE, "images://" + directory.resolve("instances"),
                Places.STORE_VARIABLE, "file://" + directory.resolve("store"));
    }

    ToolRun run(String... args) {
        return ToolRun.of(environment(), args);
    }

    /** Takes a snapshot and waits for it. */
    String snapshot() {
        ToolRun run = run("snapshot", "create", "--instance", INSTANCE, "--name", "first", "--wait");
        if (run.exit() != 0) {
            throw new AssertionError("no snapshot: " + run);
        }
        return run.out().get(run.out().size() - 1);
    }

    private static void fill(Path disk, long seed) throws IOException {
        byte[] noise = new byte[3 << 20];
        new Random(seed).nextBytes(noise);
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(DISK_SIZE);
            file.write(noise);
            file.seek(17 << 20);
            file.write(noise, 0, 1234567);
            file.write(new byte[1 << 20]);
        }
    }
}
