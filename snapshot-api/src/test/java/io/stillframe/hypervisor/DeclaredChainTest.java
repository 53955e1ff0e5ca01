package io.stillframe.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.image.StockTools;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.InstanceDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Only what instance.json declares is opened, whatever the images' own headers say. The images are made by qemu-img. */
class DeclaredChainTest {
    private static final int SIZE = 2 << 20;

    @TempDir
    Path directory;

    private ImageDirectoryHypervisor hypervisor;
    private Path home;
    private Path overlay;
    private final byte[] base = new byte[SIZE];

    @BeforeEach
    void makeAnOverlayOnABase() throws IOException, InterruptedException {
        home = Files.createDirectory(directory.resolve("web"));
        overlay = home.resolve("overlay.qcow2");
        new Random(1).nextBytes(base);
        Files.write(directory.resolve("base.raw"), base);
        qemuImg("create", "-q", "-f", "qcow2", "-b", "../base.raw", "-F", "raw", overlay.toString());
        hypervisor = ImageDirectoryHypervisor.open(directory);
    }

    @Test
    void readsThroughADeclaredChain() throws IOException {
        declare("qcow2", ", \"backing\": [{\"file\": \"../base.raw\", \"format\": \"raw\"}]");

        InstanceDisk disk = hypervisor.driver().observe("web").disks().get(0);

        assertThat(disk.virtualSize()).isEqualTo(SIZE);
        assertThat(disk.chain()).hasSize(2);
        assertThat(held()).isEqualTo(base);
    }

    @Test
    void theDeclaredBackingFileIsReadAndNotTheOneThatTheImageNames() throws IOException, InterruptedException {
        qemuImg(
                "rebase",
                "-u",
                "-b",
                directory.resolve("web/instance.json").toString(),
                "-F",
                "raw",
                overlay.toString());
        declare("qcow2", ", \"backing\": [{\"file\": \"../base.raw\", \"format\": \"raw\"}]");

        assertThat(held()).isEqualTo(base);
    }

    @Test
    void aBackingFileThatIsNotDeclaredIsNotFollowed() throws IOException {
        declare("qcow2", "");

        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> hypervisor.driver().observe("web"))
                .matches(e -> e.kind() == Kind.UNSUPPORTED);
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> hypervisor.importImage("web2", overlay, "qcow2"))
                .matches(e -> e.kind() == Kind.UNSUPPORTED);
    }

    @Test
    void aRawDiskThatLooksLikeAnotherFormatStaysRaw() throws IOException {
        declare("raw", "");

        assertThat(held()).isEqualTo(Files.readAllBytes(overlay));
    }

    private void declare(String format, String backing) throws IOException {
        Files.writeString(home.resolve("instance.json"), """
                {"version": 1, "id": "web-id", "name": "web", "disks": [
                  {"device": "vda", "role": "root", "file": "overlay.qcow2", "format": "%s"%s}]}
                """.formatted(format, backing));
    }

    private byte[] held() {
        CapturePlan plan = hypervisor
                .capture()
                .plan(SnapshotId.create(Instant.EPOCH), hypervisor.driver().observe("web"), DiskSelection.all());
        hypervisor.capture().begin(plan);
        try (BlockSource disk = hypervisor.capture().open(plan, "vda")) {
            ByteBuffer bytes = ByteBuffer.allocate((int) disk.size());
            disk.read(0, bytes);
            return bytes.array();
        }
    }

    private static void qemuImg(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "qemu-img";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        StockTools.require("qemu-img");
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }
}
