package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.ova.OvaMachine;
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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code snapshot export}. */
@Command(
        name = "export",
        description =
                "Writes one disk of a snapshot to an image file, or all of them as ova, whatever they are stored as.")
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

    @Option(
            names = "--disk",
            paramLabel = "DEVICE",
            description = "Which disk, e.g. vdb; default: the root disk, with --to ova all.")
    private Optional<String> device = Optional.empty();

    @Option(
            names = "--to",
            required = true,
            paramLabel = "FORMAT",
            description = "The image's format, e.g. qcow2 or raw; or ova, a virtual machine with all disks.")
    private String format = "";

    @Option(
            names = "--compression",
            paramLabel = "ALGORITHM[:LEVEL]",
            description = "E.g. zstd:1 or none; default: the format's own.")
    private Optional<String> compression = Optional.empty();

    @Mixin
    private OvaOutput ova = new OvaOutput();

    SnapshotExport(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (format.equals(OvaOutput.FORMAT)) {
            return exportMachine(output.free(out.orElseThrow()));
        }
        ImageCodec codec = Plugins.codec(format);
        Path file = output.free(out.orElseThrow());
        try (SnapshotService service = places.storageOf(snapshot.id(), console)) {
            DiskSnapshot disk = disk(service.get(snapshot.id()));
            try (ProgressDisplay display = new ProgressDisplay(console);
                    BlockSource source = service.openDisk(snapshot.id(), disk.device())) {
                StreamResult written = CancellableWork.run(
                        console,
                        "the export",
                        cancellation -> export(source, codec, disk, file, display, cancellation));
                console.err()
                        .println(file + ": " + disk.device() + " as " + format + ", "
                                + ByteSize.format(written.bytesStored()) + verified(List.of(disk)));
            }
            return Stillframe.DONE;
        }
    }

    /** Every disk that was captured, or the one that was asked for, the root disk first. */
    private Integer exportMachine(Path file) {
        try (SnapshotService service = places.storageOf(snapshot.id(), console)) {
            Snapshot found = service.get(snapshot.id());
            List<DiskSnapshot> disks = device.isPresent() ? List.of(disk(found)) : rootFirst(found);
            long stored = exportMachine(service, ova.machine(found.instance().name()), disks, file);
            console.err()
                    .println(file + ": " + disks.size() + (disks.size() == 1 ? " disk" : " disks") + " as ova, "
                            + ByteSize.format(stored) + verified(disks));
            return Stillframe.DONE;
        }
    }

    /** Returns the bytes that were stored. */
    private long exportMachine(SnapshotService service, OvaMachine machine, List<DiskSnapshot> disks, Path file) {
        List<BlockSource> sources = new ArrayList<>();
        try {
            for (DiskSnapshot disk : disks) {
                sources.add(service.openDisk(snapshot.id(), disk.device()));
            }
            List<StreamResult> written = ova.write(
                    console,
                    machine,
                    sources,
                    compression,
                    StreamSettings.ofDefaults(),
                    file,
                    results -> requireSameContent(disks, results));
            return written.stream().mapToLong(StreamResult::bytesStored).sum();
        } finally {
            sources.forEach(BlockSource::close);
        }
    }

    private static List<DiskSnapshot> rootFirst(Snapshot found) {
        return found.disks().stream()
                .sorted(Comparator.comparing(disk -> disk.role() != DiskRole.ROOT))
                .toList();
    }

    private void requireSameContent(List<DiskSnapshot> disks, List<StreamResult> results) {
        for (int i = 0; i < disks.size(); i++) {
            requireSameContent(disks.get(i), results.get(i));
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

    /** What was read is what was captured; of what was only ever on volumes nobody knows a digest. */
    private void requireSameContent(DiskSnapshot disk, StreamResult result) {
        boolean known = disk.content().isPresent() || disk.object().isPresent();
        if (known && !result.content().equals(disk.content())) {
            throw SnapshotException.corrupt("disk " + disk.device() + " of snapshot " + snapshot.id()
                    + " reads as other bytes than were captured; nothing was written");
        }
    }

    private static String verified(List<DiskSnapshot> disks) {
        return disks.stream().allMatch(disk -> disk.content().isPresent())
                ? ", content verified"
                : ", read from volumes, which keep no digest";
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
