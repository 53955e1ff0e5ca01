package io.stillframe.benchmarks.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where the commands run and write, with the disk and its data in it; removed at the end.
 *
 * @param path the directory
 */
record OutputDirectory(Path path) implements AutoCloseable {
    private static final Path MEMORY = Path.of("/dev/shm");

    static OutputDirectory make(Options options, BenchmarkDisk disk) throws IOException {
        Path path = Files.createTempDirectory(parent(options), "stillframe-benchmarks");
        Files.createSymbolicLink(path.resolve(BenchmarkDisk.DISK), disk.disk());
        Files.createSymbolicLink(path.resolve(BenchmarkDisk.DATA), disk.data());
        return new OutputDirectory(path);
    }

    /** Memory if the disk fits three times, so that no side waits for a device; else beside the disk. */
    private static Path parent(Options options) throws IOException {
        if (!options.out().equals("auto")) {
            return Files.createDirectories(Path.of(options.out()));
        }
        boolean fits =
                Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() > 3 * options.dataBytes();
        return fits ? MEMORY : options.work();
    }

    @Override
    public void close() throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(path)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
