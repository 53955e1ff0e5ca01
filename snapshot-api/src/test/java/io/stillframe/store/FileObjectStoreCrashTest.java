package io.stillframe.store;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stillframe.internal.file.ChildJvm;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import io.stillframe.spi.contract.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes on one store, killed ones, and a full disk. */
final class FileObjectStoreCrashTest {
    private static final PartLayout LAYOUT = PartLayout.fixed(8 << 10);
    private static final int SIZE = 10 * (8 << 10) + 100;

    @TempDir
    private Path directory;

    private static ByteBuffer part(byte[] bytes, int number) {
        int offset = (int) LAYOUT.offsetOf(number);
        return ByteBuffer.wrap(bytes, offset, Math.min(8 << 10, bytes.length - offset));
    }

    /** Uploads and puts objects without end, and says so after each has returned. */
    static final class Uploader {
        private Uploader() {}

        public static void main(String[] arguments) {
            FileObjectStore store = FileObjectStore.open(Path.of(arguments[0]));
            for (int n = 0; ; n++) {
                String name = arguments[1] + "/" + n;
                byte[] bytes = Bytes.random(SIZE, name.hashCode());
                ObjectKey key = ObjectKey.of("up/" + name);
                try (UploadSession session = store.beginUpload(key, LAYOUT, UploadOptions.ofDefaults())) {
                    List<PartReceipt> parts = new ArrayList<>();
                    for (int number = 1; number <= 11; number++) {
                        parts.add(session.putPart(number, part(bytes, number)));
                    }
                    session.complete(parts, n % 2 == 0 ? PublishMode.REPLACE : PublishMode.CREATE_IF_ABSENT);
                }
                System.out.println("done " + key);
                ObjectKey small = ObjectKey.of("put/" + name);
                store.put(small, ByteBuffer.wrap(bytes), PublishMode.CREATE_IF_ABSENT, UploadOptions.ofDefaults());
                System.out.println("done " + small);
            }
        }
    }

    @Test
    void aKilledProcessLeavesWholeObjectsAndUploadsThatCanBeResumed() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Set<String> done = new HashSet<>();
        for (int round = 0; round < 12; round++) {
            int lines = random.nextInt(20);
            try (ChildJvm uploader = ChildJvm.start(Uploader.class, directory.toString(), "round-" + round)) {
                for (int line = 0; line < lines; line++) {
                    done.add(uploader.line());
                }
                long end = System.nanoTime() + random.nextInt(8_000_000);
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
                uploader.kill();
            }
            verify(done, "seed " + seed + ", round " + round);
        }
    }

    private void verify(Set<String> done, String where) {
        FileObjectStore store = FileObjectStore.open(directory);
        for (UnfinishedUpload upload :
                store.listUploads("", Optional.empty(), 1000).items()) {
            if (upload.token().key().value().startsWith("up/")) {
                resume(store, upload.token(), where);
            } else {
                abort(store, upload.token(), where);
            }
        }
        assertThat(store.listUploads("", Optional.empty(), 10).items())
                .as(where)
                .isEmpty();
        Set<String> found = new HashSet<>();
        for (ObjectStat stat : store.list("", Optional.empty(), 1000).items()) {
            found.add("done " + stat.key());
            try (ByteSource source = store.open(stat.key())) {
                String name = stat.key().value().substring(stat.key().value().indexOf('/') + 1);
                assertThat(Bytes.readAll(source)).as(where).isEqualTo(Bytes.random(SIZE, name.hashCode()));
            }
        }
        assertThat(found).as(where).containsAll(done);
    }

    private static void abort(FileObjectStore store, UploadToken token, String where) {
        try {
            store.resumeUpload(token).close();
        } catch (SnapshotException e) {
            // It had published its object and was killed before it could clear away.
            assertThat(e.kind()).as(where).isEqualTo(Kind.NOT_FOUND);
            assertThat(store.stat(token.key())).as(where).isPresent();
        }
    }

    private static void resume(FileObjectStore store, UploadToken token, String where) {
        byte[] bytes =
                Bytes.random(SIZE, token.key().value().substring("up/".length()).hashCode());
        try (UploadSession session = store.resumeUpload(token)) {
            Set<Integer> arrived = new HashSet<>();
            session.arrived().forEach(part -> arrived.add(part.number()));
            for (int number = 1; number <= 11; number++) {
                if (!arrived.contains(number)) {
                    session.putPart(number, part(bytes, number));
                }
            }
            PublishOutcome outcome = session.complete(session.arrived(), PublishMode.REPLACE);
            assertThat(outcome).as(where).isInstanceOf(PublishOutcome.Published.class);
        } catch (SnapshotException e) {
            // It had published its object and was killed before it could clear away.
            assertThat(e.kind()).as(where).isEqualTo(Kind.NOT_FOUND);
            assertThat(store.stat(token.key())).as(where).isPresent();
        }
    }

    /** Begins an upload, sends a part and waits to be killed. */
    static final class Sleeper {
        private Sleeper() {}

        public static void main(String[] arguments) throws IOException {
            FileObjectStore store = FileObjectStore.open(Path.of(arguments[0]));
            UploadSession session = store.beginUpload(ObjectKey.of("k"), LAYOUT, UploadOptions.ofDefaults());
            session.putPart(2, part(Bytes.random(SIZE, 7), 2));
            System.out.println(session.token().state());
            ChildJvm.awaitParent();
        }
    }

    @Test
    void anUploadBelongsToItsProcessUntilThatDies() {
        FileObjectStore store = FileObjectStore.open(directory);
        try (ChildJvm child = ChildJvm.start(Sleeper.class, directory.toString())) {
            UploadToken token = new UploadToken(ObjectKey.of("k"), LAYOUT, child.line());
            failing(() -> store.resumeUpload(token), Kind.CONFLICT);
            failing(() -> store.resumeUpload(token), Kind.CONFLICT);
            child.kill();
            try (UploadSession resumed = store.resumeUpload(token)) {
                assertThat(resumed.arrived()).extracting(PartReceipt::number).containsExactly(2);
            }
            assertThat(store.stat(token.key())).isEmpty();
        }
    }

    /** Tries to be the first at many keys, at the same time as others. */
    static final class Racer {
        private Racer() {}

        public static void main(String[] arguments) {
            FileObjectStore store = FileObjectStore.open(Path.of(arguments[0]));
            StringBuilder won = new StringBuilder();
            for (int n = 0; n < 100; n++) {
                PublishOutcome outcome = store.put(
                        ObjectKey.of("race/" + n),
                        ByteBuffer.wrap(arguments[1].getBytes(StandardCharsets.US_ASCII)),
                        PublishMode.CREATE_IF_ABSENT,
                        UploadOptions.ofDefaults());
                won.append(outcome instanceof PublishOutcome.Published ? arguments[1] : "-");
            }
            System.out.println(won);
        }
    }

    @Test
    void ofSeveralProcessesExactlyOneCreates() {
        List<ChildJvm> racers = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            racers.add(ChildJvm.start(Racer.class, directory.toString(), name));
        }
        List<String> won = racers.stream().map(ChildJvm::line).toList();
        racers.forEach(ChildJvm::close);
        FileObjectStore store = FileObjectStore.open(directory);
        for (int n = 0; n < 100; n++) {
            StringBuilder winners = new StringBuilder();
            for (String one : won) {
                winners.append(one.charAt(n) == '-' ? "" : one.charAt(n));
            }
            try (ByteSource source = store.open(ObjectKey.of("race/" + n))) {
                assertThat(winners).hasToString("" + (char) Bytes.readAll(source)[0]);
            }
        }
    }

    @Test
    void aFullDiskIsPermanentAndNothingPartialIsVisible() throws IOException, InterruptedException {
        Path small = Files.createDirectory(directory.resolve("small"));
        assumeThat(run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small.toString()))
                .as("a small file system can be mounted here")
                .isZero();
        try {
            FileObjectStore store = FileObjectStore.open(small);
            ObjectKey key = ObjectKey.of("k");
            ByteBuffer large = ByteBuffer.allocate(4 << 20);
            assertThat(failing(
                            () -> store.put(key, large, PublishMode.REPLACE, UploadOptions.ofDefaults()),
                            Kind.PERMANENT))
                    .hasMessageContaining("full");
            assertThat(store.stat(key)).isEmpty();
            assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();

            PartLayout layout = PartLayout.fixed(1 << 20);
            try (UploadSession session = store.beginUpload(key, layout, UploadOptions.ofDefaults())) {
                session.putPart(1, ByteBuffer.allocate(1 << 20));
                failing(() -> session.putPart(2, ByteBuffer.allocate(1 << 20)), Kind.PERMANENT);
                assertThat(session.arrived()).extracting(PartReceipt::number).containsExactly(1);
            }
            assertThat(store.list("", Optional.empty(), 10).items()).isEmpty();
            store.put(key, ByteBuffer.allocate(1 << 20), PublishMode.REPLACE, UploadOptions.ofDefaults());
            assertThat(store.stat(key)).isPresent();
        } finally {
            assertThat(run("umount", small.toString())).isZero();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1;
        }
    }
}
