package io.stillframe.examples.cli;

import io.stillframe.image.Extents;
import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageInput;
import io.stillframe.image.Images;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.ova.OvaContent;
import io.stillframe.image.ova.OvaExport;
import io.stillframe.image.ova.OvaMachine;
import io.stillframe.model.Compression;
import io.stillframe.model.Progress;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** {@code --to ova}: what the archive says of the virtual machine, and its writing. */
final class OvaOutput {
    /** Not the name of a codec: an OVA holds a machine with all of its disks. */
    static final String FORMAT = "ova";

    private static final String PIPE = "-";
    private static final long MIB = 1 << 20;

    @Option(names = "--vm-name", paramLabel = "NAME", description = "With --to ova: the virtual machine's name.")
    private Optional<String> name = Optional.empty();

    @Option(names = "--vcpus", paramLabel = "N", description = "With --to ova: virtual processors; default: 1.")
    private Optional<Integer> vcpus = Optional.empty();

    @Option(
            names = "--vm-memory",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "With --to ova: memory, whole MiB; default: 1G.")
    private Optional<ByteSize> memory = Optional.empty();

    @Option(
            names = "--firmware",
            paramLabel = "FIRMWARE",
            description = "With --to ova: ${COMPLETION-CANDIDATES}, as the disks were installed with; default: BIOS.")
    private Optional<OvaMachine.Firmware> firmware = Optional.empty();

    @Option(
            names = "--guest-os",
            paramLabel = "OS",
            description = "With --to ova: ${COMPLETION-CANDIDATES}; default: LINUX_64.")
    private Optional<OvaMachine.GuestOs> guestOs = Optional.empty();

    /** Checks the writing's result before the file appears. */
    @FunctionalInterface
    interface Check extends Consumer<List<StreamResult>> {}

    /** One image file as a machine with one disk. */
    Integer convert(
            Console console,
            ImageInput input,
            String out,
            OutputOption output,
            Optional<String> compression,
            StreamSettings settings) {
        if (out.equals(PIPE)) {
            throw new UsageException(
                    "the first bytes of an OVA are known last, so it cannot go to a pipe; write it to a file");
        }
        Path file = output.free(Path.of(out));
        requireNotItself(input, file);
        OvaMachine machine = machine(baseName(file));
        try (BlockSource source = Images.open(input)) {
            StreamResult result = write(console, machine, List.of(source), compression, settings, file, results -> {})
                    .get(0);
            console.err()
                    .println(ByteSize.format(result.bytesRead()) + " of data read, "
                            + ByteSize.format(result.bytesStored()) + " written");
        }
        return Stillframe.DONE;
    }

    private static void requireNotItself(ImageInput input, Path file) {
        if (!Files.exists(file)) {
            return;
        }
        List<Path> read = input instanceof ImageInput.Chain chain
                ? chain.layers().stream()
                        .map(layer -> Path.of(layer.location()))
                        .toList()
                : input instanceof ImageInput.Probed probed ? List.of(probed.path()) : List.of();
        try {
            for (Path each : read) {
                if (Files.exists(each) && Files.isSameFile(each, file)) {
                    throw new UsageException(file + " is also read as input; choose another name");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String baseName(Path file) {
        String text = file.getFileName().toString();
        int dot = text.lastIndexOf('.');
        return dot > 0 ? text.substring(0, dot) : text;
    }

    /** What the options say. */
    OvaMachine machine(String defaultName) {
        try {
            OvaMachine.Builder machine = OvaMachine.builder(name.orElse(defaultName));
            vcpus.ifPresent(machine::vcpus);
            memory.ifPresent(size -> machine.memoryMib(mebibytes(size)));
            firmware.ifPresent(machine::firmware);
            guestOs.ifPresent(machine::guestOs);
            return machine.build();
        } catch (SnapshotException e) {
            throw new UsageException(e);
        }
    }

    private static int mebibytes(ByteSize size) {
        if (size.bytes() % MIB != 0 || size.bytes() / MIB > Integer.MAX_VALUE) {
            throw new UsageException("--vm-memory must be whole MiB, e.g. 2G");
        }
        return (int) (size.bytes() / MIB);
    }

    /** Writes the archive; the file appears when it is complete and checked. */
    List<StreamResult> write(
            Console console,
            OvaMachine machine,
            List<BlockSource> disks,
            Optional<String> compression,
            StreamSettings settings,
            Path file,
            Check check) {
        OvaContent plain = content(machine, disks);
        OvaContent content =
                compression.map(text -> plain.withCompression(parsed(text))).orElse(plain);
        long data = disks.stream()
                .mapToLong(disk -> Extents.dataBytes(disk, new Cancellation()))
                .sum();
        try (ProgressDisplay display = new ProgressDisplay(console)) {
            return CancellableWork.run(
                    console,
                    "the export",
                    cancellation -> write(content, settings, cancellation, data, display, file, check));
        }
    }

    private static OvaContent content(OvaMachine machine, List<BlockSource> disks) {
        try {
            return OvaContent.of(machine, disks);
        } catch (SnapshotException e) {
            throw new UsageException(e);
        }
    }

    private static Compression parsed(String text) {
        try {
            return Compression.parse(text);
        } catch (SnapshotException e) {
            throw new UsageException(e);
        }
    }

    private static List<StreamResult> write(
            OvaContent content,
            StreamSettings settings,
            Cancellation cancellation,
            long data,
            ProgressDisplay display,
            Path file,
            Check check) {
        try (FileTarget target = FileTarget.create(file)) {
            List<StreamResult> results = OvaExport.run(
                    content,
                    target,
                    settings,
                    cancellation,
                    (read, stored) -> display.show("exporting", Optional.of(new Progress(data, read, stored))));
            check.accept(results);
            target.publish();
            return results;
        }
    }
}
