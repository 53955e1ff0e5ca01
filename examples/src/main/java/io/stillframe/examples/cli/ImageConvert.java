package io.stillframe.examples.cli;

import io.stillframe.image.ConvertRequest;
import io.stillframe.image.ImageInput;
import io.stillframe.image.ImageOutput;
import io.stillframe.image.Images;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamSettings.ContentDigesting;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Compression;
import io.stillframe.model.Progress;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.nio.file.Path;
import java.util.Iterator;
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
            "'-' as FILE reads a raw disk of --size from standard input, '-' as OUT writes to standard output."
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
            description = "The new image's format, e.g. qcow2, raw, zstd.")
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

    @Option(
            names = "--digest",
            description = "Also compute the disk's content digest and report it; costs time for every byte of data.")
    private boolean digest;

    ImageConvert(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        ConvertRequest request = request();
        StreamSettings settings = settings();
        long data = dataIn(request.input());
        StreamResult result;
        try (ProgressDisplay display = new ProgressDisplay(console)) {
            result = CancellableWork.run(
                    console,
                    "the conversion",
                    cancellation -> Images.convert(
                            request,
                            settings,
                            cancellation,
                            (read, stored) ->
                                    display.show("converting", Optional.of(new Progress(data, read, stored)))));
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
            return clusterSize.isPresent()
                    ? request.withClusterSize(Math.toIntExact(clusterSize.get().bytes()))
                    : request;
        } catch (SnapshotException e) {
            throw new UsageException(e);
        } catch (ArithmeticException e) {
            throw new UsageException("--cluster-size must be under 2G");
        }
    }

    private StreamSettings settings() {
        try {
            StreamSettings defaults =
                    StreamSettings.ofDefaults().withDigest(digest ? ContentDigesting.ON : ContentDigesting.OFF);
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
        return new ImageInput.Pipe(console.input(), bytes);
    }

    private ImageOutput target() {
        return out.equals(PIPE)
                ? new ImageOutput.Pipe(console.output())
                : new ImageOutput.File(output.free(Path.of(out)));
    }

    /** What the progress is measured against. */
    private static long dataIn(ImageInput input) {
        if (input instanceof ImageInput.Pipe pipe) {
            return pipe.size();
        }
        try (BlockSource source = Images.open(input)) {
            long data = 0;
            Iterator<Extent> extents = source.extents(new ByteRange(0, source.size()));
            while (extents.hasNext()) {
                Extent extent = extents.next();
                data += extent.isData() ? extent.range().length() : 0;
            }
            return data;
        }
    }
}
