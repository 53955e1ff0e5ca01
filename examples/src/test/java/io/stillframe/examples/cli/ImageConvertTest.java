package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.stillframe.image.DiskCopy;
import io.stillframe.image.ImageInput;
import io.stillframe.image.Images;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.Digest;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.Plugins;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Images in files and pipes, by the command line, in every format that is installed. */
class ImageConvertTest {
    private static final int MIB = 1 << 20;
    private static final int SIZE = 6 * MIB;
    private static final long SEED = 2026;

    @TempDir
    private Path dir = Path.of("");

    private Path raw = Path.of("");

    @BeforeEach
    void makeDisk() throws IOException {
        raw = dir.resolve("disk.raw");
        byte[] noise = new byte[700_000];
        new Random(SEED).nextBytes(noise);
        try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "rw")) {
            file.setLength(SIZE);
            file.seek(70_000);
            file.write(noise);
            file.seek(4 * MIB + 512);
            file.write("text ".repeat(60_000).getBytes(StandardCharsets.UTF_8));
            file.seek(SIZE - 5);
            file.write(noise, 0, 5);
        }
    }

    static Stream<String> writable() {
        return Plugins.codecs().stream()
                .filter(codec -> codec.traits().contains(CodecTrait.WRITE))
                .map(ImageCodec::name)
                .sorted();
    }

    static Stream<String> readable() {
        return Plugins.codecs().stream()
                .filter(codec -> codec.traits().contains(CodecTrait.READ))
                .map(ImageCodec::name)
                .sorted();
    }

    /** From raw to the format, from there to each other one, and back. */
    @ParameterizedTest
    @MethodSource("writable")
    void convertsToAndFromEveryOtherFormat(String format) {
        Path first = dir.resolve("first." + format);
        run("convert", raw.toString(), first.toString(), "--from", "raw", "--to", format);
        assertHoldsTheDisk(first, format);
        assertThat(readable()).contains(format);
        for (String other : writable().toList()) {
            Path second = dir.resolve("second." + other);
            ToolRun run = run(
                    "convert",
                    first.toString(),
                    second.toString(),
                    "--from",
                    format,
                    "--to",
                    other,
                    "--threads",
                    "2",
                    "--force");
            assertThat(run.out()).isEmpty();
            assertThat(run.err().get(run.err().size() - 1))
                    .contains("of data read")
                    .contains("written");
            assertHoldsTheDisk(second, other);
            ToolRun check = run("check", second.toString(), "--format", other, "--json");
            assertThat(compact(check)).contains("\"corruptions\":[]");
        }
    }

    @ParameterizedTest
    @MethodSource("writable")
    void streamsThroughPipesOrSaysWhichFormatsCan(String format) throws IOException {
        ImageCodec codec = Plugins.codec(format);
        Piped written = piped(
                Files.readAllBytes(raw), "image", "convert", "-", "-", "--size", "6M", "--from", "raw", "--to", format);
        if (!codec.traits().contains(CodecTrait.PIPE)) {
            assertThat(written.exit()).isEqualTo(Stillframe.FAILED);
            assertThat(written.complaint())
                    .contains(format)
                    .contains("cannot go to a pipe")
                    .contains("zstd");
            assertThat(written.bytes()).isEmpty();
            return;
        }
        assertThat(written.exit()).as(written.complaint()).isZero();
        Path file = Files.write(dir.resolve("piped"), written.bytes());
        assertHoldsTheDisk(file, format);
    }

    @ParameterizedTest
    @MethodSource("readable")
    void readsPipesOrSaysWhichFormatsCan(String format) throws IOException {
        byte[] image = Files.readAllBytes(raw);
        boolean sequential = Plugins.codec(format).traits().contains(CodecTrait.SEQUENTIAL);
        if (sequential) {
            Path file = dir.resolve("image");
            run("convert", raw.toString(), file.toString(), "--from", "raw", "--to", format);
            image = Files.readAllBytes(file);
        }
        Path back = dir.resolve("back.raw");
        String[] command = {"image", "convert", "-", back.toString(), "--size", "6M", "--from", format, "--to", "raw"};
        Piped read = piped(image, command);
        if (!sequential) {
            assertThat(read.exit()).isEqualTo(Stillframe.FAILED);
            assertThat(read.complaint())
                    .contains(format)
                    .contains("cannot be read from a pipe")
                    .contains("gzip");
            assertThat(back).doesNotExist();
            return;
        }
        assertThat(read.exit()).as(read.complaint()).isZero();
        assertThat(Files.mismatch(back, raw)).isEqualTo(-1);
        Files.delete(back);
        byte[] cut = java.util.Arrays.copyOf(image, image.length / 2);
        assertThat(piped(cut, command).exit()).isEqualTo(Stillframe.FAILED);
        assertThat(names()).doesNotContain("back.raw").noneMatch(name -> name.endsWith(".tmp"));
    }

    @Test
    void refusesToReplaceItsSource() throws IOException {
        byte[] before = Files.readAllBytes(raw);
        Path link = Files.createSymbolicLink(dir.resolve("link"), raw);
        for (Path out : List.of(raw, link)) {
            ToolRun run = ToolRun.of(
                    Map.of(),
                    "image",
                    "convert",
                    raw.toString(),
                    out.toString(),
                    "--from",
                    "raw",
                    "--to",
                    "raw",
                    "--force");
            assertThat(run.exit()).isEqualTo(Stillframe.FAILED);
            assertThat(run.complaint()).contains("also read as input");
        }
        assertThat(Files.readAllBytes(raw)).isEqualTo(before);
    }

    @Test
    void leavesNothingOfAConversionThatFails() throws IOException {
        Path image = dir.resolve("image.gz");
        run("convert", raw.toString(), image.toString(), "--from", "raw", "--to", "gzip");
        byte[] bytes = Files.readAllBytes(image);
        bytes[300_000] ^= 1;
        Files.write(image, bytes);
        ToolRun run = ToolRun.of(
                Map.of(),
                "image",
                "convert",
                image.toString(),
                dir.resolve("out.qcow2").toString(),
                "--from",
                "gzip",
                "--to",
                "qcow2");
        assertThat(run.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(run.err().get(run.err().size() - 1)).contains("image.gz").contains("frame");
        assertThat(names()).containsExactlyInAnyOrder("disk.raw", "image.gz");
        ToolRun check = ToolRun.of(Map.of(), "image", "check", image.toString(), "--json");
        assertThat(check.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(String.join("", check.out())).contains("frame 1 ");
    }

    @Test
    void tellsUnsuitableOptionsAsUsageBeforeAnythingIsDone() {
        for (String compression : List.of("zlib", "gzip:10", "gzip:x")) {
            ToolRun run = ToolRun.of(
                    Map.of(),
                    "image",
                    "convert",
                    raw.toString(),
                    dir.resolve("out").toString(),
                    "--to",
                    "gzip",
                    "--compression",
                    compression);
            assertThat(run.exit()).as("%s", run).isEqualTo(Stillframe.USAGE);
            assertThat(run.complaint()).contains("compression");
        }
        ToolRun unknown = ToolRun.of(
                Map.of(), "image", "convert", raw.toString(), dir.resolve("out").toString(), "--to", "no-such");
        assertThat(unknown.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(unknown.complaint())
                .contains("no-such")
                .contains("installed are")
                .contains("xz");
    }

    @Test
    void describesAndMapsAsJson() throws IOException {
        Path image = dir.resolve("image.xz");
        run("convert", raw.toString(), image.toString(), "--from", "raw", "--to", "xz", "--compression", "xz:0");
        String info = compact(run("info", image.toString(), "--json"));
        assertThat(info).contains("\"format\":\"xz\"").contains("\"virtualSize\":" + SIZE);
        String map = String.join("", run("map", image.toString(), "--json").out());
        long end = 0;
        long data = 0;
        try (JsonParser json = new JsonFactory().createParser(map)) {
            json.nextToken();
            while (json.nextToken() == com.fasterxml.jackson.core.JsonToken.START_OBJECT) {
                assertThat(json.nextFieldName()).isEqualTo("start");
                assertThat(json.nextLongValue(-1)).isEqualTo(end);
                assertThat(json.nextFieldName()).isEqualTo("length");
                long length = json.nextLongValue(-1);
                end += length;
                assertThat(json.nextFieldName()).isEqualTo("kind");
                data += json.nextTextValue().equals("data") ? length : 0;
                json.nextToken();
            }
        }
        assertThat(end).isEqualTo(SIZE);
        assertThat(data).isEqualTo(3 * MIB);
        assertThat(compact(run("map", raw.toString(), "--json")))
                .startsWith("[{\"start\":0,")
                .contains("\"layer\":0,\"compressed\":false,\"offset\":0}");
    }

    @Test
    void writesRawFilesSparse() throws IOException {
        Path large = dir.resolve("large.raw");
        try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
            file.setLength(64L * MIB);
            file.seek(50L * MIB);
            file.write(1);
        }
        Path image = dir.resolve("large.lz4");
        Path back = dir.resolve("back.raw");
        run("convert", large.toString(), image.toString(), "--from", "raw", "--to", "lz4");
        run("convert", image.toString(), back.toString(), "--from", "lz4", "--to", "raw");
        assertThat(Files.mismatch(large, back)).isEqualTo(-1);
        assertThat(Files.size(image)).isLessThan(400_000);
        assertThat(allocated(back)).isLessThanOrEqualTo(MIB);
    }

    /** The JDK does not tell how much of a file is allocated. */
    private static long allocated(Path file) throws IOException {
        Process du = new ProcessBuilder("du", "--block-size=1", file.toString()).start();
        String told = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return Long.parseLong(told.split("\\s")[0]);
    }

    private void assertHoldsTheDisk(Path image, String format) {
        try (BlockSource opened = Images.open(ImageInput.file(image, format))) {
            assertThat(digest(opened))
                    .as("%s, seed %d", image.getFileName(), SEED)
                    .isEqualTo(rawDigest());
        }
    }

    private Digest rawDigest() {
        try (BlockSource opened = Images.open(ImageInput.file(raw, "raw"))) {
            return digest(opened);
        }
    }

    private static Digest digest(BlockSource disk) {
        return DiskCopy.digest(
                disk, StreamSettings.ofDefaults().withThreads(2), new Cancellation(), StreamListener.none());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static ToolRun run(String... args) {
        String[] command = Stream.concat(Stream.of("image"), Stream.of(args)).toArray(String[]::new);
        ToolRun run = ToolRun.of(Map.of(), command);
        assertThat(run.exit()).as("%s", run).isZero();
        return run;
    }

    /** A run's JSON without white space; the texts looked for have none. */
    private static String compact(ToolRun run) {
        return String.join("", run.out()).replace(" ", "");
    }

    private static Piped piped(byte[] input, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(err, true, StandardCharsets.UTF_8);
        Console console = new Console(
                new ByteArrayInputStream(input),
                out,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                print,
                OptionalInt.empty(),
                Map.of());
        return new Piped(new Stillframe(console).run(args), out.toByteArray(), err.toString(StandardCharsets.UTF_8));
    }

    /** What a run with pipes left: its exit code, standard output and standard error. */
    private record Piped(int exit, byte[] bytes, String complaint) {}
}
