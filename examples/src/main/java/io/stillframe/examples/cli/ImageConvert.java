package io.stillframe.examples.cli;

import io.stillframe.image.ConvertRequest;
import io.stillframe.image.ImageInput;
import io.stillframe.image.ImageOutput;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamSettings.ContentDigesting;
import io.stillframe.image.StreamSettings.StoredChecksum;
import io.stillframe.model.Compression;
import io.stillframe.model.Progress;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.Plugins;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code image convert}. */
@Command(
        name = "convert",
        description = {
            "Converts an image file into another format, in one pass; the new file appears when it is complete.",
            "'-' as FILE reads an image of a disk of --size from standard input, raw unless --from says otherwise; '-' as OUT",
            "writes to standard output. Formats with tables at their start or end cannot go through pipes."
        })
final class ImageConvert implements Callable<Integer> {
    private static final String PIPE = "-";

    private final Console console;

    @Mixin
    private ImageArgument image = new ImageArgument();

    @Parameters(index = "1", arity = "1", paramLabel = "OUT", description = "The image file to write.")
    private String out = "";

    @Mixin
    private OutputOption output = new OutputOption();

    @Option(
            names = "--to",
            required = true,
            paramLabel = "FORMAT",
            description =
                    "The new image's format, e.g. qcow2, raw, zstd; or ova, a virtual machine with this one disk.")
    private String format = "";

    @Option(
            names = "--compression",
            paramLabel = "ALGORITHM[:LEVEL]",
            description = "E.g. zstd:1 or none; default: the format's own.")
    private Optional<String> compression = Optional.empty();

    @Option(
            names = "--cluster-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "The format's unit of allocation, a power of two, e.g. 64K.")
    private Optional<ByteSize> clusterSize = Optional.empty();

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that convert; default: one for each processor.")
    private Optional<Integer> threads = Optional.empty();

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "The disk's size, when it is read from standard input.")
    private Optional<ByteSize> size = Optional.empty();

    @Mixin
    private OvaOutput ova = new OvaOutput();

    @Mixin
    private PackOutput pack = new PackOutput();

    @Option(
            names = "--digest",
            description = "Also compute the disk's content digest and report it; costs time for every byte of data.")
    private boolean digest;

    ImageConvert(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (format.equals(OvaOutput.FORMAT)) {
            return ova.convert(console, input(), out, output, compression, settings());
        }
        ConvertRequest request = request();
        StreamSettings settings = settings();
        StreamResult result;
        try (ProgressDisplay display = new ProgressDisplay(console)) {
            result = CancellableWork.run(
                    console,
                    "the conversion",
                    cancellation -> pack.convert(request, settings, cancellation, new Shown(display)));
        }
        console.err()
                .println(ByteSize.format(result.bytesRead()) + " of data read, " + ByteSize.format(result.bytesStored())
                        + " written");
        result.content().ifPresent(content -> console.err().println("content digest " + content));
        return Stillframe.DONE;
    }

    private ConvertRequest request() {
        try {
            ConvertRequest request = ConvertRequest.of(input(), target(), format);
            if (compression.isPresent()) {
                request = request.withCompression(Compression.parse(compression.get()));
            }
            if (clusterSize.isPresent()) {
                request = request.withClusterSize(
                        Math.toIntExact(clusterSize.get().bytes()));
            }
            requireSuitable(request);
            return request;
        } catch (SnapshotException e) {
            throw e.kind() == SnapshotException.Kind.INVALID ? new UsageException(e) : e;
        } catch (ArithmeticException e) {
            throw new UsageException("--cluster-size must be under 2G");
        }
    }

    /** Options that do not suit the format are told before the input is opened. */
    private static void requireSuitable(ConvertRequest request) {
        ImageSpec anyDisk = new ImageSpec(1 << 20, request.compression(), request.clusterSize());
        Plugins.codec(request.format()).newWriter(anyDisk).close();
    }

    private StreamSettings settings() {
        try {
            StreamSettings defaults = StreamSettings.ofDefaults()
                    .withDigest(digest ? ContentDigesting.ON : ContentDigesting.OFF)
                    .withChecksum(StoredChecksum.OFF);
            return threads.map(defaults::withThreads).orElse(defaults);
        } catch (SnapshotException e) {
            throw new UsageException(e);
        }
    }

    private ImageInput input() {
        if (!image.file().toString().equals(PIPE)) {
            return image.input();
        }
        long bytes = size.map(ByteSize::bytes)
                .orElseThrow(() -> new UsageException("a disk from standard input needs its --size"));
        return new ImageInput.Pipe(console.input(), bytes, image.format().orElse("raw"));
    }

    private ImageOutput target() {
        return out.equals(PIPE)
                ? new ImageOutput.Pipe(console.output())
                : new ImageOutput.File(output.free(Path.of(out)));
    }

    /** Draws a conversion's progress. For one conversion. */
    private static final class Shown implements StreamListener {
        private final ProgressDisplay display;
        private long total;

        Shown(ProgressDisplay display) {
            this.display = display;
        }

        @Override
        public void onTotal(long bytes) {
            total = bytes;
        }

        @Override
        public void onProgress(long read, long stored) {
            display.show("converting", Optional.of(new Progress(total, read, stored)));
        }
    }
}
