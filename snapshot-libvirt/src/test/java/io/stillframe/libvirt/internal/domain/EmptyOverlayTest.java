package io.stillframe.libvirt.internal.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmptyOverlayTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(longs = {512, 1 << 20, 512L << 20, (512L << 20) + 512, 100L << 30, 6L << 40})
    void qemuFindsNoFaultWithItAndTheHeadReadsBack(long size) throws IOException, InterruptedException {
        Path base = base("a base, with=comma.raw", size);
        Path overlay = directory.resolve("overlay");

        EmptyOverlay.create(overlay, size, base, "raw");

        Qcow2Header head = Qcow2Header.read(overlay);
        assertThat(head.virtualSize()).isEqualTo(size);
        assertThat(head.backingFile()).contains(base.toString());
        assertThat(head.backingFormat()).contains("raw");
        assertThat(Qcow2Header.holdsNothing(overlay)).isTrue();
        assertThat(qemuImg("check", "-f", "qcow2", overlay.toString())).contains("No errors");
    }

    @Test
    void itIsNoMoreReadableThanItsBase() throws IOException {
        Path base = base("base.raw", 512);
        Files.setPosixFilePermissions(base, PosixFilePermissions.fromString("rw-r-----"));
        Path overlay = directory.resolve("overlay");

        EmptyOverlay.create(overlay, 512, base, "raw");

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(overlay)))
                .isEqualTo("rw-r-----");
    }

    @Test
    void itNeverReplacesAFile() throws IOException {
        Path base = base("base.raw", 512);
        Path overlay = Files.writeString(directory.resolve("overlay"), "somebody's");

        assertFails(Kind.CONFLICT, () -> EmptyOverlay.create(overlay, 512, base, "raw"));

        assertThat(overlay).hasContent("somebody's");
    }

    @Test
    void aWrittenClusterIsNoticed() throws IOException {
        Path base = base("base.raw", 1 << 20);
        Path overlay = directory.resolve("overlay");
        EmptyOverlay.create(overlay, 1 << 20, base, "raw");
        Qcow2Header head = Qcow2Header.read(overlay);
        try (FileChannel channel = FileChannel.open(overlay, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(8).putLong(0, 0x8000_0000_0005_0000L), head.l1Offset());
        }

        assertThat(Qcow2Header.holdsNothing(overlay)).isFalse();
    }

    @Test
    void brokenHeadsAreCorrupt() throws IOException {
        Path file = directory.resolve("broken");
        Files.write(file, new byte[200]);
        assertFails(Kind.CORRUPT, () -> Qcow2Header.read(file));
        ByteBuffer head = ByteBuffer.allocate(200);
        head.putInt(0x514649FB).putInt(3).putLong(150).putInt(1 << 30);
        head.putInt(100, 104);
        Files.write(file, head.array());
        assertFails(Kind.CORRUPT, () -> Qcow2Header.read(file));
        head.putLong(8, 0).putInt(16, 0).putInt(36, -1);
        Files.write(file, head.array());
        assertFails(Kind.CORRUPT, () -> Qcow2Header.read(file));
        head.putInt(36, 1).putInt(100, 4096);
        Files.write(file, head.array());
        assertFails(Kind.CORRUPT, () -> Qcow2Header.read(file));
    }

    private Path base(String name, long size) throws IOException {
        Path base = directory.resolve(name);
        try (RandomAccessFile file = new RandomAccessFile(base.toFile(), "rw")) {
            file.setLength(size);
        }
        return base;
    }

    private static String qemuImg(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "qemu-img";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return output;
        } catch (IOException e) {
            return Assumptions.abort("qemu-img is not installed: " + e);
        }
    }

    private static void assertFails(Kind kind, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(call)
                .matches(e -> e.kind() == kind, "is " + kind);
    }
}
