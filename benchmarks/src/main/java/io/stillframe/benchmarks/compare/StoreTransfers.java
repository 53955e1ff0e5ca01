package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.MarkdownReport;
import io.stillframe.benchmarks.report.RecordJson;
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
import java.util.stream.Stream;

/** {@code benchmarks/stores.sh}: uploads and snapshots to object stores that run, beside other tools. */
public final class StoreMain {
    private static final String RESULTS = "results.json";
    private static final String INSTANCE = """
            {"version": 1, "id": "disk-1", "name": "disk",
             "disks": [{"device": "vda", "role": "root", "file": "%s", "format": "raw"}]}
            """;

    private final Path repository;
    private final Options options;
    private final PrintStream log;

    private StoreMain(Path repository, Options options, PrintStream log) {
        this.repository = repository;
        this.options = options;
        this.log = log;
    }

    /** The repository's directory, then the options of {@code run.sh}. */
    public static void main(String[] arguments) throws Exception {
        Path repository = Path.of(arguments[0]);
        try {
            Options options = Options.parse(
                    repository.resolve("benchmarks"),
                    Stream.of(arguments).skip(1).toArray(String[]::new));
            new StoreMain(repository, options, System.err).run();
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
        }
    }

    private void run() throws Exception {
        Files.createDirectories(options.results());
        if (!options.render()) {
            RecordJson.write(options.results().resolve(RESULTS), measure());
        }
        MarkdownReport.write(RecordJson.read(options.results().resolve(RESULTS), Results.class), options.results());
        log.println("the report is " + options.results().resolve("report.md"));
    }

    private Results measure() throws IOException, InterruptedException {
        BenchmarkDisk disk = BenchmarkDisk.make(options.work(), options.dataBytes(), log);
        StoreSuite suite = new StoreSuite(
                repository.resolve("benchmarks/target/benchmarks.jar"), Math.min(StoreSuite.STREAM, disk.dataBytes()));
        try (OutputDirectory out = OutputDirectory.make(options, disk)) {
            makeStream(disk.data(), out.path().resolve("stream.bin"), suite.stream());
            makeInstance(disk.disk(), Files.createDirectories(out.path().resolve("instances/disk")));
            Map<String, String> machine = Machine.describe(out.path());
            machine.put("memory of the uploader's Java virtual machine", StoreSuite.STREAM_MEMORY);
            machine.put("memory of the tool's Java virtual machine", Main.MEMORY);
            return new Results(machine, disk.facts(), compare(disk, out.path(), suite), List.of(), List.of());
        }
    }

    private List<Comparison> compare(BenchmarkDisk disk, Path out, StoreSuite suite)
            throws IOException, InterruptedException {
        Map<String, String> environment = Map.of(
                "PATH", repository.resolve("examples") + ":" + System.getenv("PATH"),
                "STILLFRAME_JAVA_OPTS", Main.MEMORY,
                "STILLFRAME_HYPERVISOR", "images://" + out.resolve("instances"),
                "STILLFRAME_STORE",
                        Optional.ofNullable(System.getenv("BENCH_S3")).orElse(""),
                "STILLFRAME_CATALOG", "file://" + out.resolve("catalog"));
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
