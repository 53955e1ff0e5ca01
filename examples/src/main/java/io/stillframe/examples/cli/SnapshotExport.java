package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.Compression;
import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Progress;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code snapshot export}. */
@Command(name = "export", description = "Writes one disk of a snapshot to an image file, whatever it is stored as.")
final class SnapshotExport implements Callable<Integer> {
    private final Console console;

    @Mixin
    private SnapshotArgument snapshot = new SnapshotArgument();

    @Parameters(
            index = "1",
            arity = "1",
            paramLabel = "OUT",
            description = "The image file to write; appears when it is complete.")
    private Optional<Path> out = Optional.empty();

    @Mixin
    private OutputOption output = new OutputOption();

    @Mixin
    private Places places = new Places();

    @Option(names = "--disk", paramLabel = "DEVICE", description = "Which disk, e.g. vdb; default: the root disk.")
    private Optional<String> device = Optional.empty();

    @Option(
            names = "--to",
            required = true,
            paramLabel = "FORMAT",
            description = "The image's format, e.g. qcow2 or raw.")
    private String format = "";

    @Option(
            names = "--compression",
            paramLabel = "ALGORITHM[:LEVEL]",
            description = "E.g. zstd:1 or none; default: the format's own.")
    private Optional<String> compression = Optional.empty();

    SnapshotExport(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        ImageCodec codec = Plugins.codec(format);
        Path file = output.free(out.orElseThrow());
        try (SnapshotService service = places.storage(console).build()) {
            DiskSnapshot disk = disk(service.get(snapshot.id()));
            try (ProgressDisplay display = new ProgressDisplay(console);
                    BlockSource source = service.openDisk(snapshot.id(), disk.device())) {
                StreamResult written = CancellableWork.run(
                        console,
                        "the export",
                        cancellation -> export(source, codec, disk, file, display, cancellation));
                console.err()
                        .println(file + ": " + disk.device() + " as " + format + ", "
                                + ByteSize.format(written.bytesStored()) + ", content verified");
            }
            return Stillframe.DONE;
        }
    }

    private StreamResult export(
            BlockSource source,
            ImageCodec codec,
            DiskSnapshot disk,
            Path file,
            ProgressDisplay display,
            Cancellation cancellation) {
        ImageSpec spec = ImageSpec.ofSize(source.size());
        if (compression.isPresent()) {
            spec = spec.withCompression(Compression.parse(compression.get()));
        }
        try (ImageWriter writer = codec.newWriter(spec);
                FileTarget target = FileTarget.create(file)) {
            StreamResult result = ImageStream.run(
                    source,
                    writer,
                    target,
                    StreamSettings.ofDefaults(),
                    cancellation,
                    (read, stored) ->
                            display.show("exporting", Optional.of(new Progress(disk.bytesRead(), read, stored))));
            requireSameContent(disk, result);
            target.publish();
            return result;
        }
    }

    /** What was read from the store is what was captured. */
    private void requireSameContent(DiskSnapshot disk, StreamResult result) {
        if (!result.content().equals(disk.content())) {
            throw SnapshotException.corrupt("disk " + disk.device() + " of snapshot " + snapshot.id()
                    + " reads as other bytes than were captured; nothing was written");
        }
    }

    private DiskSnapshot disk(Snapshot found) {
        return found.disks().stream()
                .filter(disk -> device.map(disk.device()::equals).orElse(disk.role() == DiskRole.ROOT))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("snapshot " + found.id() + " has no "
                        + device.map(name -> "disk " + name).orElse("root disk") + "; it has "
                        + found.disks().stream().map(DiskSnapshot::device).toList()));
    }
}
