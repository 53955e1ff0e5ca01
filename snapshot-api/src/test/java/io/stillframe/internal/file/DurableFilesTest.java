package io.stillframe.internal.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.spi.contract.Bytes;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DurableFilesTest {
    @TempDir
    private Path directory;

    @Test
    void readersSeeTheOldOrTheNewContent() throws IOException {
        Path file = directory.resolve("file");
        byte[][] contents = {Bytes.random(300_000, 1), Bytes.random(200_000, 2)};
        DurableFiles.replace(file, directory.resolve("new.tmp"), contents[0]);
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            try {
                for (int n = 1; n <= 100; n++) {
                    DurableFiles.replace(file, directory.resolve("new.tmp"), contents[n % 2]);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        while (!writer.isDone()) {
            byte[] seen = DurableFiles.read(file, 1 << 20);
            assertThat(Arrays.equals(seen, contents[0]) || Arrays.equals(seen, contents[1]))
                    .as("one of both contents, not %s bytes of something else", seen.length)
                    .isTrue();
        }
        writer.orTimeout(20, TimeUnit.SECONDS).join();
    }

    /** Found by looking for leftovers while uploads began: a file that appears while it is opened was taken for one that cannot be read. */
    @Test
    void aFileIsThereOrNotWheneverItComesAndGoes() throws Exception {
        Path file = directory.resolve("file");
        byte[] content = {1, 2, 3};
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            try {
                for (int n = 1; n <= 20_000; n++) {
                    Files.write(file, content);
                    Files.delete(file);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        int missed = 0;
        while (!writer.isDone()) {
            try {
                DurableFiles.read(file, 9);
            } catch (NoSuchFileException e) {
                missed++;
            }
        }
        writer.orTimeout(60, TimeUnit.SECONDS).join();
        assertThat(missed).isPositive();
    }

    @Test
    void anInterruptNeitherStopsAReadNorIsLost() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[] {1, 2, 3});
        Thread.currentThread().interrupt();
        assertThat(DurableFiles.read(file, 9)).containsExactly(1, 2, 3);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void readsUpToItsLimit() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[100]);
        assertThat(DurableFiles.read(file, 100)).hasSize(100);
        assertThatThrownBy(() -> DurableFiles.read(file, 99)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> DurableFiles.read(directory.resolve("none"), 9))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> DurableFiles.read(directory, 9)).isNotInstanceOf(NoSuchFileException.class);
    }

    @Test
    void appendCutsWhatIsBehindItsPlace() throws IOException {
        Path file = directory.resolve("file");
        DurableFiles.append(file, 0, new byte[] {1, 2, 3});
        DurableFiles.append(file, 2, new byte[] {9});
        assertThat(file).hasBinaryContent(new byte[] {1, 2, 9});
    }

    @Test
    void aDirectoryIsCreatedOnceAndIsNoLink() throws IOException {
        DurableFiles.createDirectory(directory.resolve("d"));
        DurableFiles.createDirectory(directory.resolve("d"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("d"));
        assertThatThrownBy(() -> DurableFiles.createDirectory(link)).isInstanceOf(FileAlreadyExistsException.class);
    }
}
