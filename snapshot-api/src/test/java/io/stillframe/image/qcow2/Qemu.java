package io.stillframe.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.DiskCopy;
import io.stillframe.image.RawFileTarget;
import io.stillframe.image.StockTools;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** QEMU's own tools as the judge of what an image means. */
public final class Qemu {
    private static final long DEADLINE_SECONDS = 120;

    private Qemu() {}

    /** As {@link StockTools#require}. */
    public static void assumeInstalled() {
        StockTools.require("qemu-img", "qemu-io");
    }

    /** Runs a program that must succeed and returns its output. */
    public static String run(Object... command) {
        Result result = runAny(command);
        assertThat(result.exit())
                .as("%s%n%s", Arrays.toString(command), result.output())
                .isZero();
        return result.output();
    }

    public record Result(int exit, String output) {}

    public static Result runAny(Object... command) {
        List<String> words = new ArrayList<>();
        for (Object word : command) {
            words.add(word.toString());
        }
        try {
            Path output = Files.createTempFile("stillframe-qemu", ".log");
            try {
                Process process = new ProcessBuilder(words)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
                if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new AssertionError(words + " did not end within " + DEADLINE_SECONDS + " s");
                }
                return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Makes an image; {@code options} as for {@code qemu-img create -o}, may be empty. */
    public static void create(Path image, String options, long size) {
        List<Object> command = new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", "qcow2"));
        if (!options.isEmpty()) {
            command.addAll(List.of("-o", options));
        }
        command.addAll(List.of(image, size));
        run(command.toArray());
    }

    /** Runs qemu-io commands on an image. */
    public static void io(Path image, String format, List<String> commands) {
        List<Object> command = new ArrayList<>(List.of("qemu-io", "-f", format));
        for (String each : commands) {
            command.add("-c");
            command.add(each);
        }
        command.add(image);
        assertThat(run(command.toArray())).doesNotContain("failed");
    }

    /** The disk that QEMU sees in an image, as a raw file. */
    public static Path flatten(Path image, Path raw) {
        return flatten(image, "qcow2", raw);
    }

    /** The disk that QEMU sees in an image of a format, as a raw file. */
    public static Path flatten(Path image, String format, Path raw) {
        run("qemu-img", "convert", "-f", format, "-O", "raw", image, raw);
        return raw;
    }

    /** QEMU finds no error and no leak. */
    public static void assertSound(Path image) {
        assertSound(image, "qcow2");
    }

    /** QEMU finds no error and no leak in an image of a format. */
    public static void assertSound(Path image, String format) {
        assertThat(run("qemu-img", "check", "-f", format, image)).contains("No errors were found");
    }

    /** QEMU sees the same disk in the image as in {@code disk}. */
    public static void assertSame(Path image, BlockSource disk, Path scratch) throws IOException {
        assertSame(image, "qcow2", disk, scratch);
    }

    /** QEMU sees the same disk in the image of a format as in {@code disk}. */
    public static void assertSame(Path image, String format, BlockSource disk, Path scratch) throws IOException {
        Path raw = scratch.resolve("expected.raw");
        Files.deleteIfExists(raw);
        try (RawFileTarget target = RawFileTarget.create(raw, disk.size())) {
            DiskCopy.run(disk, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.finish();
        }
        run("qemu-img", "compare", "-f", "raw", "-F", format, raw, image);
    }
}
