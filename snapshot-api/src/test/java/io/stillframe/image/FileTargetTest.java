package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTargetTest {
    @TempDir
    private Path dir;

    @Test
    void putsTheHeadInFrontOfTheBody() throws IOException {
        Path file = dir.resolve("image");
        try (FileTarget target = FileTarget.create(file)) {
            target.begin(3);
            target.body(ByteBuffer.wrap(new byte[] {4, 5}));
            target.bodyZeros(2);
            target.body(ByteBuffer.wrap(new byte[] {8}));
            target.head(ByteBuffer.wrap(new byte[] {1, 2, 3}));
            assertThat(file).doesNotExist();
            target.publish();
        }
        assertThat(Files.readAllBytes(file)).isEqualTo(new byte[] {1, 2, 3, 4, 5, 0, 0, 8});
        assertThat(dir).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void keepsEveryByteAroundZerosOfAnyPlace() throws IOException {
        Random random = new Random(3);
        for (int round = 0; round < 20; round++) {
            byte[] content = new byte[400_000 + random.nextInt(9000)];
            for (int i = 0; i < 4; i++) {
                int from = random.nextInt(content.length);
                int to = Math.min(content.length, from + random.nextInt(150_000));
                byte[] piece = new byte[to - from];
                random.nextBytes(piece);
                System.arraycopy(piece, 0, content, from, piece.length);
            }
            Path file = dir.resolve("round");
            try (FileTarget target = FileTarget.create(file)) {
                target.begin(0);
                for (int at = 0; at < content.length; ) {
                    int step = Math.min(content.length - at, 1 + random.nextInt(200_000));
                    target.body(ByteBuffer.wrap(content, at, step));
                    at += step;
                }
                target.head(ByteBuffer.allocate(0));
                target.publish();
            }
            assertThat(Arrays.mismatch(Files.readAllBytes(file), content)).isEqualTo(-1);
        }
    }

    @Test
    void fillsInWhatWasLeftOut() throws IOException {
        Path file = dir.resolve("filled");
        try (FileTarget target = FileTarget.create(file)) {
            target.begin(2);
            target.body(ByteBuffer.wrap(new byte[] {3}));
            target.bodyZeros(2);
            target.body(ByteBuffer.wrap(new byte[] {6}));
            target.fill(3, ByteBuffer.wrap(new byte[] {4, 5}));
            assertInvalid(() -> target.fill(1, ByteBuffer.allocate(1)));
            assertInvalid(() -> target.fill(5, ByteBuffer.allocate(2)));
            assertInvalid(() -> target.fill(Long.MAX_VALUE, ByteBuffer.allocate(2)));
            target.head(ByteBuffer.wrap(new byte[] {1, 2}));
            target.publish();
        }
        assertThat(Files.readAllBytes(file)).isEqualTo(new byte[] {1, 2, 3, 4, 5, 6});
    }

    @Test
    void leavesHoles() throws IOException {
        Path file = dir.resolve("sparse");
        try (FileTarget target = FileTarget.create(file)) {
            target.begin(0);
            target.bodyZeros(1L << 40);
            target.head(ByteBuffer.allocate(0));
            target.publish();
        }
        assertThat(Files.size(file)).isEqualTo(1L << 40);
    }

    @Test
    void leavesNothingUnlessPublished() throws IOException {
        Path file = Files.writeString(dir.resolve("image"), "as it was");
        try (FileTarget target = FileTarget.create(file)) {
            target.begin(0);
            target.body(ByteBuffer.wrap(new byte[100]));
        }
        assertThat(file).hasContent("as it was");
        assertThat(dir).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void followsALinkAndReplacesNothingButFiles() throws IOException {
        Path file = Files.writeString(dir.resolve("file"), "old");
        Path link = Files.createSymbolicLink(dir.resolve("link"), file);
        try (FileTarget target = FileTarget.create(link)) {
            target.begin(0);
            target.body(ByteBuffer.wrap(new byte[] {'n', 'e', 'w'}));
            target.head(ByteBuffer.allocate(0));
            target.publish();
        }
        assertThat(link).isSymbolicLink();
        assertThat(file).hasContent("new");
        assertThatThrownBy(() -> FileTarget.create(dir))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.INVALID));
    }

    @Test
    void aRawFileTakesAscendingWritesWithinTheDisk() throws IOException {
        Path file = dir.resolve("disk");
        try (RawFileTarget disk = RawFileTarget.create(file, 1000)) {
            disk.write(10, ByteBuffer.wrap(new byte[] {1, 2}));
            assertInvalid(() -> disk.write(11, ByteBuffer.wrap(new byte[] {1})));
            assertInvalid(() -> disk.write(999, ByteBuffer.wrap(new byte[] {1, 2})));
            disk.write(999, ByteBuffer.wrap(new byte[] {9}));
            disk.finish();
            assertInvalid(() -> disk.write(1000, ByteBuffer.allocate(0)));
        }
        byte[] expected = new byte[1000];
        expected[10] = 1;
        expected[11] = 2;
        expected[999] = 9;
        assertThat(Files.readAllBytes(file)).isEqualTo(expected);
        assertThatThrownBy(() -> RawFileTarget.create(file, 5))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.CONFLICT));
    }

    @Test
    void anUnfinishedRawFileIsRemovedAndAnEmptyOneIsFine() {
        RawFileTarget unfinished = RawFileTarget.create(dir.resolve("unfinished"), 1000);
        unfinished.close();
        unfinished.close();
        assertThat(dir.resolve("unfinished")).doesNotExist();
        try (RawFileTarget empty = RawFileTarget.create(dir.resolve("empty"), 1L << 30)) {
            empty.finish();
        }
        assertThat(dir.resolve("empty")).hasSize(1L << 30);
    }

    private static void assertInvalid(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.INVALID));
    }
}
