package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.Results;
import io.stillframe.benchmarks.report.Results.Comparison;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Uploads and snapshots to object stores that run, beside other tools. */
final class StoreTransfers implements Measurement {
    private static final String INSTANCE = """
            {"version": 1, "id": "disk-1", "name": "disk",
             "disks": [{"device": "vda", "role": "root", "file": "%s", "format": "raw"}]}
            """;

    @Override
    public Results measure(Path repository, Options options, PrintStream log) throws IOException, InterruptedException {
        BenchmarkDisk disk = BenchmarkDisk.make(options.work(), options.dataBytes(), log);
        StoreSuite suite = new StoreSuite(Math.min(StoreSuite.STREAM, disk.dataBytes()));
        try (OutputDirectory out = OutputDirectory.make(options, disk)) {
            makeStream(disk.data(), out.path().resolve("stream.bin"), suite.stream());
            makeInstance(disk.disk(), Files.createDirectories(out.path().resolve("instances/disk")));
            Map<String, String> machine = Machine.describe(out.path());
            machine.put("memory of the uploader's Java virtual machine", StoreSuite.STREAM_MEMORY);
            machine.put("memory of the tool's Java virtual machine", TOOL_MEMORY);
            return new Results(
                    machine,
                    disk.facts(),
                    compare(repository, disk, out.path(), suite, options, log),
                    List.of(),
                    List.of());
        }
    }

    @Override
    public boolean isPart() {
        return true;
    }

    private static List<Comparison> compare(
            Path repository, BenchmarkDisk disk, Path out, StoreSuite suite, Options options, PrintStream log)
            throws IOException, InterruptedException {
        Map<String, String> environment = Map.of(
                "REPOSITORY",
                repository.toString(),
                "PATH",
                repository.resolve("examples") + ":" + System.getenv("PATH"),
                "STILLFRAME_JAVA_OPTS",
                TOOL_MEMORY,
                "STILLFRAME_HYPERVISOR",
                "images://" + out.resolve("instances"),
                "STILLFRAME_STORE",
                Optional.ofNullable(System.getenv("BENCH_S3")).orElse(""),
                "STILLFRAME_CATALOG",
                "file://" + out.resolve("catalog"));
        Rounds rounds = new Rounds(disk, out, environment, Machine::has, options, log);
        List<Comparison> done = new ArrayList<>();
        if (options.wants(suite.streams().title())) {
            done.add(rounds.run(suite.streams(), suite.stream()));
        }
        if (options.wants(suite.snapshots().title())) {
            done.add(rounds.run(suite.snapshots()));
        }
        return done;
    }

    /** The beginning of the disk's data as a file of its own, for tools that take nothing else. */
    private static void makeStream(Path data, Path file, long bytes) throws IOException {
        byte[] block = new byte[1 << 20];
        try (InputStream in = Files.newInputStream(data);
                OutputStream out = Files.newOutputStream(file)) {
            for (long left = bytes; left > 0; left -= block.length) {
                out.write(block, 0, in.readNBytes(block, 0, (int) Math.min(left, block.length)));
            }
        }
    }

    private static void makeInstance(Path disk, Path directory) throws IOException {
        Files.writeString(directory.resolve("instance.json"), INSTANCE.formatted(disk.toRealPath()));
    }
}
