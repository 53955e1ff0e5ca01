package io.stillframe.image;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileByteSourceTest {
    private static final int SIZE = 300_000;

    @TempDir
    private Path dir;

    @Test
    void readsOnWhileThreadsAreInterrupted() throws Exception {
        byte[] content = content();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger reads = new AtomicInteger();
        AtomicInteger keptFlags = new AtomicInteger();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        try (FileByteSource source = FileByteSource.open(file(content))) {
            Thread[] readers = new Thread[4];
            for (int i = 0; i < readers.length; i++) {
                Random random = new Random(i);
                readers[i] = new Thread(() -> {
                    try {
                        while (!stop.get()) {
                            assertReads(source, content, random.nextInt(SIZE - 5000));
                            reads.incrementAndGet();
                            keptFlags.addAndGet(Thread.interrupted() ? 1 : 0);
                        }
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                });
                readers[i].start();
            }
            while (keptFlags.get() < 200 && failure.get() == null) {
                readers[reads.get() % 2].interrupt();
                Thread.onSpinWait();
            }
            stop.set(true);
            for (Thread reader : readers) {
                await().until(() -> !reader.isAlive());
            }
        }
        assertThat(failure.get()).isNull();
        assertThat(reads.get()).isPositive();
    }

    @Test
    void anInterruptedThreadReadsAndStaysInterrupted() throws IOException {
        byte[] content = content();
        try (FileByteSource source = FileByteSource.open(file(content))) {
            Thread.currentThread().interrupt();
            assertReads(source, content, 77);
            assertThat(Thread.interrupted()).isTrue();
            assertReads(source, content, 78);
        }
    }

    @Test
    void refusesWhatIsBehindTheEnd() throws IOException {
        try (FileByteSource source = FileByteSource.open(file(content()))) {
            assertKind(SnapshotException.Kind.INVALID, () -> source.read(SIZE - 3, ByteBuffer.allocate(4)));
            assertKind(SnapshotException.Kind.INVALID, () -> source.read(-1, ByteBuffer.allocate(1)));
            assertKind(SnapshotException.Kind.INVALID, () -> source.extents(new ByteRange(0, SIZE + 1)));
        }
    }

    @Test
    void noticesThatTheFileWasShortened() throws IOException {
        Path file = file(content());
        try (FileByteSource source = FileByteSource.open(file)) {
            try (var channel = java.nio.channels.FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(1000);
            }
            assertKind(SnapshotException.Kind.CONFLICT, () -> source.read(500, ByteBuffer.allocate(4000)));
        }
    }

    /** A reader that was interrupted opens the file anew, and must not go on in another file of the same name. */
    @Test
    void neverReadsFromAReplacedFile() throws Exception {
        byte[] content = content();
        Path file = file(content);
        AtomicReference<SnapshotException> refused = new AtomicReference<>();
        try (FileByteSource source = FileByteSource.open(file)) {
            Files.move(Files.write(dir.resolve("other"), new byte[SIZE]), file, StandardCopyOption.REPLACE_EXISTING);
            assertReads(source, content, 5);
            Thread reader = new Thread(() -> {
                try {
                    while (true) {
                        assertReads(source, content, 6);
                    }
                } catch (SnapshotException e) {
                    refused.set(e);
                }
            });
            reader.start();
            while (reader.isAlive()) {
                reader.interrupt();
                Thread.onSpinWait();
            }
        }
        assertThat(refused.get()).extracting(SnapshotException::kind).isEqualTo(SnapshotException.Kind.CONFLICT);
    }

    @Test
    void namesWhatDoesNotExist() {
        assertKind(SnapshotException.Kind.NOT_FOUND, () -> FileByteSource.open(dir.resolve("missing")));
        assertKind(SnapshotException.Kind.PERMANENT, () -> {
            try (FileByteSource source = FileByteSource.open(dir)) {
                source.read(0, ByteBuffer.allocate(1));
            }
        });
    }

    @Test
    void canBeClosedTwice() throws IOException {
        FileByteSource source = FileByteSource.open(file(content()));
        source.close();
        source.close();
        assertKind(SnapshotException.Kind.PERMANENT, () -> source.read(0, ByteBuffer.allocate(1)));
    }

    private static void assertReads(FileByteSource source, byte[] content, int at) {
        ByteBuffer buffer = ByteBuffer.allocate(5000);
        source.read(at, buffer);
        assertThat(buffer.flip()).isEqualTo(ByteBuffer.wrap(content, at, 5000));
    }

    private static void assertKind(
            SnapshotException.Kind kind, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    private Path file(byte[] content) throws IOException {
        return Files.write(dir.resolve("image"), content);
    }

    private static byte[] content() {
        byte[] content = new byte[SIZE];
        new Random(1).nextBytes(content);
        return content;
    }
}
