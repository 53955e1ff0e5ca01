package io.stillframe.benchmarks.compare;

import io.stillframe.image.FileByteSource;
import io.stillframe.image.ZeroTest;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A raw disk with an ext4 file system: nine tenths program files of this machine, if it has so many; the rest is seeded log text and
 * seeded random bytes, half and half. On one machine the same call makes the same content. Beside it lies the data alone, without holes and zeros, for tools that cannot leave these out.
 */
final class BenchmarkDisk {
    static final String DISK = "disk.raw";
    static final String DATA = "data.bin";

    private static final List<String> PROGRAMS = List.of("/usr/lib", "/usr/bin", "/usr/share", "/usr/sbin", "/opt");
    private static final String UUID = "5711f4a3-0000-4000-8000-000000000001";
    private static final String FILE_SYSTEM_TIME = "1767225600";
    private static final long SEED = 20260101;
    private static final long SYNTHETIC_FILE = 64L << 20;
    private static final int BLOCK = 64 * 1024;

    private final Path directory;
    private final Map<String, String> facts;
    private final long dataBytes;

    private BenchmarkDisk(Path directory, Map<String, String> facts, long dataBytes) {
        this.directory = directory;
        this.facts = facts;
        this.dataBytes = dataBytes;
    }

    /** Makes the disk, unless the directory has it from an earlier call. */
    static BenchmarkDisk make(Path work, long wanted, PrintStream log) throws IOException, InterruptedException {
        Path directory = Files.createDirectories(work.resolve((wanted >> 20) + "MiB"));
        Path marker = directory.resolve("disk.properties");
        if (!Files.exists(marker)) {
            log.println("making a disk with " + (wanted >> 20) + " MiB of data in " + directory);
            Properties made = new Builder(directory, wanted).build();
            try (OutputStream stream = Files.newOutputStream(marker)) {
                made.store(stream, "what the disk beside this file holds");
            }
        }
        Properties known = new Properties();
        try (var stream = Files.newInputStream(marker)) {
            known.load(stream);
        }
        Map<String, String> facts = new LinkedHashMap<>();
        new TreeMap<>(known).forEach((name, value) -> facts.put(name.toString(), value.toString()));
        return new BenchmarkDisk(directory, facts, Long.parseLong(known.getProperty("data bytes")));
    }

    /** What it holds, for the report. */
    Map<String, String> facts() {
        return facts;
    }

    /** Bytes of its 64 KiB blocks that are not all zero. */
    long dataBytes() {
        return dataBytes;
    }

    Path disk() {
        return directory.resolve(DISK);
    }

    Path data() {
        return directory.resolve(DATA);
    }

    /** Reads both files once, so that no command waits for the device. */
    void intoPageCache() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
        for (Path file : List.of(disk(), data())) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                while (channel.read(buffer.clear()) > 0) {
                    // Reading is all that is wanted.
                }
            }
        }
    }

    /** Makes a disk once. */
    private static final class Builder {
        private final Path directory;
        private final long wanted;
        private final Path stage;
        private long programs;
        private long programFiles;

        Builder(Path directory, long wanted) {
            this.directory = directory;
            this.wanted = wanted;
            this.stage = directory.resolve("stage");
        }

        Properties build() throws IOException, InterruptedException {
            remove(stage);
            Files.createDirectories(stage);
            long share = wanted * 9 / 10;
            for (String root : PROGRAMS) {
                copyPrograms(Path.of(root), share);
            }
            long random = (wanted - programs) / 2;
            long text = wanted - random - programs;
            synthesize("text", text, new LogText(SEED));
            synthesize("random", random, new RandomBytes(SEED + 1));
            makeFileSystem();
            remove(stage);
            long data = extractData();
            Properties made = new Properties();
            made.setProperty("file system", "ext4 by mke2fs -d");
            made.setProperty("virtual bytes", Long.toString(Files.size(directory.resolve(DISK))));
            made.setProperty("data bytes", Long.toString(data));
            made.setProperty("program files", programFiles + " files, " + programs + " bytes of " + PROGRAMS);
            made.setProperty("log text", text + " bytes, seed " + SEED);
            made.setProperty("random", random + " bytes, seed " + (SEED + 1));
            return made;
        }

        private void copyPrograms(Path root, long share) throws IOException {
            if (!Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS) || programs >= share) {
                return;
            }
            List<Path> entries;
            try (Stream<Path> list = Files.list(root)) {
                entries = list.sorted().toList();
            } catch (IOException e) {
                return; // What this user may not read is left out.
            }
            for (Path entry : entries) {
                if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    copyPrograms(entry, share);
                } else if (Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)
                        && Files.isReadable(entry)
                        && programs < share) {
                    Path copy = stage.resolve(Path.of("/").relativize(entry));
                    Files.createDirectories(copy.getParent());
                    Files.copy(entry, copy);
                    programs += Files.size(copy);
                    programFiles++;
                }
            }
        }

        private void synthesize(String name, long bytes, Content content) throws IOException {
            Path folder = Files.createDirectories(stage.resolve("var").resolve(name));
            byte[] block = new byte[BLOCK];
            long left = bytes;
            for (int file = 0; left > 0; file++) {
                long length = Math.min(left, SYNTHETIC_FILE);
                try (OutputStream stream = Files.newOutputStream(folder.resolve("%05d".formatted(file)))) {
                    for (long at = 0; at < length; at += BLOCK) {
                        content.fill(block);
                        stream.write(block, 0, (int) Math.min(BLOCK, length - at));
                    }
                }
                left -= length;
            }
        }

        /** Half as large again as its data, as disks are, and with a journal. */
        private void makeFileSystem() throws IOException, InterruptedException {
            Path disk = directory.resolve(DISK);
            Files.deleteIfExists(disk);
            String command = "PATH=$PATH:/usr/sbin:/sbin mke2fs -q -F -t ext4 -b 4096 -U " + UUID + " -E hash_seed="
                    + UUID + " -d stage " + DISK + " " + ((wanted * 3 / 2) >> 20) + "M";
            var unused = new ShellCommand(command, directory, Map.of("E2FSPROGS_FAKE_TIME", FILE_SYSTEM_TIME)).run();
        }

        private long extractData() throws IOException {
            long data = 0;
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
            try (ByteSource source = FileByteSource.open(directory.resolve(DISK));
                    FileChannel target = FileChannel.open(
                            directory.resolve(DATA),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE)) {
                long next = 0;
                Iterator<Extent> extents = source.extents(new ByteRange(0, source.size()));
                while (extents.hasNext()) {
                    Extent extent = extents.next();
                    long at = Math.max(next, extent.range().start() / BLOCK * BLOCK);
                    for (; extent.isData() && at < extent.range().end(); at += BLOCK) {
                        source.read(at, block.clear().limit((int) Math.min(BLOCK, source.size() - at)));
                        block.flip();
                        if (!ZeroTest.isZero(block, 0, block.limit())) {
                            data += block.limit();
                            while (block.hasRemaining()) {
                                int unused = target.write(block);
                            }
                        }
                        next = at + BLOCK;
                    }
                }
            }
            return data;
        }

        private static void remove(Path tree) throws IOException {
            if (!Files.exists(tree)) {
                return;
            }
            Path unused = Files.walkFileTree(tree, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path folder, @org.jspecify.annotations.Nullable IOException e)
                        throws IOException {
                    Files.delete(folder);
                    return FileVisitResult.CONTINUE;
                }
            });
        }
    }
}
