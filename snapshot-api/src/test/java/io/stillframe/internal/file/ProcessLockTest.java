package io.stillframe.internal.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.spi.contract.Crowd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProcessLockTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    /** Tries to lock a file once and says whether it could; then holds it until it is killed. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws IOException {
            Optional<ProcessLock> lock = ProcessLock.acquire(Path.of(arguments[0]), Duration.ZERO);
            System.out.println(lock.isPresent() ? "locked" : "busy");
            if (lock.isPresent()) {
                ChildJvm.awaitParent();
            }
        }
    }

    private String triedByAnotherProcess(Path file) {
        try (ChildJvm child = ChildJvm.start(Holder.class, file.toString())) {
            return child.line();
        }
    }

    @Test
    void oneOwnerAtATimeByWhateverPath() throws IOException {
        Path file = directory.resolve("lock");
        Path link = Files.createSymbolicLink(directory.resolveSibling(directory.getFileName() + "-link"), directory);
        ProcessLock lock = ProcessLock.acquire(file, Duration.ZERO).orElseThrow();
        assertThat(ProcessLock.acquire(file, Duration.ZERO)).isEmpty();
        assertThat(ProcessLock.acquire(link.resolve("lock"), Duration.ofMillis(50)))
                .isEmpty();
        lock.close();
        lock.close();
        ProcessLock again =
                ProcessLock.acquire(link.resolve("lock"), Duration.ZERO).orElseThrow();
        again.close();
        Files.delete(link);
    }

    @Test
    void aFailedAttemptDoesNotOpenTheLockToOtherProcesses() throws IOException {
        Path file = directory.resolve("lock");
        ProcessLock lock = ProcessLock.acquire(file, Duration.ZERO).orElseThrow();
        assertThat(ProcessLock.acquire(file, Duration.ZERO)).isEmpty();
        assertThat(triedByAnotherProcess(file)).isEqualTo("busy");
        lock.close();
        assertThat(triedByAnotherProcess(file)).isEqualTo("locked");
    }

    @Test
    void aKilledProcessLosesItsLock() throws IOException {
        Path file = directory.resolve("lock");
        try (ChildJvm child = ChildJvm.start(Holder.class, file.toString())) {
            assertThat(child.line()).isEqualTo("locked");
            assertThat(ProcessLock.acquire(file, Duration.ofMillis(20))).isEmpty();
            child.kill();
            ProcessLock.acquire(file, LONG).orElseThrow().close();
        }
    }

    @Test
    void threadsTakeTurns() {
        Path file = directory.resolve("lock");
        AtomicInteger inside = new AtomicInteger();
        Crowd.together(4, i -> {
            try {
                for (int n = 0; n < 50; n++) {
                    ProcessLock lock = ProcessLock.acquire(file, LONG).orElseThrow();
                    assertThat(inside.incrementAndGet()).isEqualTo(1);
                    inside.decrementAndGet();
                    lock.close();
                }
                return i;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** File systems give a removed file's identity to the next new one, while the removed file's lock is being let go. */
    @Test
    void aNewFileIsFreeThoughARemovedOneWasLocked() {
        Crowd.together(4, i -> {
            try {
                for (int n = 0; n < 5000; n++) {
                    Path file = directory.resolve(i + "-" + n);
                    ProcessLock lock = ProcessLock.acquire(file, Duration.ZERO).orElseThrow();
                    Files.delete(file);
                    lock.close();
                }
                return i;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void anInterruptIsKeptForLater() throws IOException {
        Path file = directory.resolve("lock");
        Thread.currentThread().interrupt();
        ProcessLock.acquire(file, LONG).orElseThrow().close();
        assertThat(Thread.interrupted()).isTrue();
    }
}
