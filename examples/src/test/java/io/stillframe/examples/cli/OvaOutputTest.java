package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --to ova} of the tool. */
class OvaOutputTest {
    @TempDir
    private Path directory = Path.of("");

    private Workplace place = new Workplace(directory);

    @BeforeEach
    void makeInstance() throws IOException {
        place = Workplace.create(directory, 43);
    }

    @Test
    void aSnapshotBecomesAMachineWithItsDisks() throws IOException {
        String id = place.snapshot();
        Path out = directory.resolve("out.ova");
        ToolRun run = place.run(
                "snapshot",
                "export",
                id,
                "--to",
                "ova",
                "--vcpus",
                "2",
                "--vm-memory",
                "2G",
                "--firmware",
                "uefi",
                out.toString());
        assertThat(run.exit()).as("%s", run).isZero();
        assertThat(run.err().get(run.err().size() - 1))
                .contains("1 disk as ova")
                .contains("content verified");
        Map<String, byte[]> entries = entries(out);
        assertThat(entries.keySet()).containsExactly("web-1.ovf", "web-1.mf", "web-1-disk1.vmdk");
        assertThat(new String(entries.get("web-1.ovf"), StandardCharsets.UTF_8))
                .contains("2048 MiB of memory", "2 virtual CPUs", "vmw:value=\"efi\"");
        assertIsTheDisk(entries.get("web-1-disk1.vmdk"));
    }

    @Test
    void anImageBecomesAMachineWithOneDisk() throws IOException {
        Path out = directory.resolve("small.vm.ova");
        ToolRun run =
                place.run("image", "convert", place.disk().toString(), out.toString(), "--from", "raw", "--to", "ova");
        assertThat(run.exit()).as("%s", run).isZero();
        Map<String, byte[]> entries = entries(out);
        assertThat(entries.keySet()).containsExactly("small.vm.ovf", "small.vm.mf", "small.vm-disk1.vmdk");
        assertIsTheDisk(entries.get("small.vm-disk1.vmdk"));
    }

    @Test
    void whatCannotBeIsRefusedBeforeAnythingIsWritten() {
        String disk = place.disk().toString();
        assertRefused("pipe", "image", "convert", disk, "-", "--from", "raw", "--to", "ova");
        assertRefused("768", "image", "convert", disk, directory + "/x.ova", "--to", "ova", "--vcpus", "0");
        assertRefused("whole MiB", "image", "convert", disk, directory + "/x.ova", "--to", "ova", "--vm-memory", "1K");
        assertRefused("also read", "image", "convert", disk, disk, "--force", "--from", "raw", "--to", "ova");
        assertThat(directory.resolve("x.ova")).doesNotExist();
        assertThat(place.disk()).hasSize(Workplace.DISK_SIZE);
    }

    private void assertRefused(String mentions, String... arguments) {
        ToolRun run = place.run(arguments);
        assertThat(run.exit()).as("%s", run).isEqualTo(Stillframe.USAGE);
        assertThat(run.complaint()).contains(mentions);
    }

    private void assertIsTheDisk(byte[] stored) throws IOException {
        Path image = Files.write(directory.resolve("taken.vmdk"), stored);
        Path raw = directory.resolve("taken.raw");
        ToolRun run = place.run("image", "convert", image.toString(), raw.toString(), "--from", "vmdk", "--to", "raw");
        assertThat(run.exit()).as("%s", run).isZero();
        assertThat(Files.mismatch(raw, place.disk())).isEqualTo(-1);
    }

    /** The archive's files by name: blocks of 512 bytes, each file behind its header. */
    private static Map<String, byte[]> entries(Path archive) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(archive))) {
            for (byte[] header = in.readNBytes(512); header[0] != 0; header = in.readNBytes(512)) {
                String name = new String(header, 0, 100, StandardCharsets.US_ASCII).trim();
                int length = Integer.parseInt(new String(header, 124, 11, StandardCharsets.US_ASCII).trim(), 8);
                entries.put(name, in.readNBytes(length));
                in.skipNBytes(-length & 511);
            }
        }
        return entries;
    }
}
