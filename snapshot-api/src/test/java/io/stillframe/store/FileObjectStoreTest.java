package io.stillframe.store;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.internal.file.ProcessLock;
import io.stillframe.internal.file.SafeNames;
import io.stillframe.internal.json.SealedJson;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import io.stillframe.spi.contract.Bytes;
import io.stillframe.spi.contract.Crowd;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a file store promises beyond the contract: its files, and what foreign hands and crashes do to them. */
final class FileObjectStoreTest {
    private static final PartLayout LAYOUT = PartLayout.fixed(1000);
    private static final UploadOptions DEFAULTS = UploadOptions.ofDefaults();

    @TempDir
    private Path temporary;

    private Path directory;
    private FileObjectStore store;

    @BeforeEach
    void open() {
        directory = temporary.resolve("a/store");
        store = FileObjectStore.open(directory);
    }

    private static ObjectKey key(String value) {
        return ObjectKey.of(value);
    }

    private void put(String key, byte[] bytes) {
        store.put(key(key), ByteBuffer.wrap(bytes), PublishMode.REPLACE, DEFAULTS);
    }

    private List<String> keys() {
        return store.list("", Optional.empty(), 1000).items().stream()
                .map(stat -> stat.key().value())
                .toList();
    }

    private Path uploads() {
        return directory.resolve(".stillframe/uploads");
    }

    private UploadToken detached(String key, byte[] bytes) {
        UploadSession session = store.beginUpload(key(key), LAYOUT, DEFAULTS);
        for (int at = 0; at < bytes.length; at += 1000) {
            session.putPart(at / 1000 + 1, ByteBuffer.wrap(bytes, at, Math.min(1000, bytes.length - at)));
        }
        session.detach();
        session.close();
        return session.token();
    }

    private Path uploadFile(UploadToken token, String kind) {
        return uploads().resolve(token.state() + "." + kind);
    }

    // Opening

    @Test
    void opensByUri() throws IOException {
        put("k", new byte[] {1});
        try (ObjectStore byUri = Plugins.store(URI.create(store.uri()))) {
            assertThat(byUri.stat(key("k"))).isPresent();
            assertThat(byUri.uri()).isEqualTo(store.uri()).startsWith("file:///");
        }
        for (String wrong : List.of("file:relative", "file://host/dir", "file:///dir?x=1", "file:///dir#x")) {
            failing(() -> Plugins.store(URI.create(wrong)), Kind.INVALID);
        }
        Path file = Files.createFile(temporary.resolve("file"));
        failing(() -> FileObjectStore.open(file), Kind.PERMANENT);
    }

    @Test
    void othersGetNoAccessToANewDirectory() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
    }

    @Test
    void aNewerReleasesDirectoryIsRefused() throws IOException {
        Files.writeString(
                directory.resolve(".stillframe/store.json"),
                SealedJson.seal("{\"format\":\"stillframe-file-store\",\"version\":2}"));
        failing(() -> FileObjectStore.open(directory), Kind.UNSUPPORTED);
    }

    // Layout

    @ParameterizedTest
    @CsvSource({
        "snapshots/snap-01/vda.qcow2, snapshots/snap-01/vda.qcow2",
        "a, a.%",
        "a/b, a/b.%",
        "v1.2/x.y, v1%2e2/x.y",
        "A.B, %41.%42",
        ".stillframe/uploads/x.json, %2estillframe/uploads/x.json",
        "con.txt, %63on.txt",
    })
    void theLayoutStays(String key, String path) throws IOException {
        byte[] bytes = Bytes.random(100, 1);
        put(key, bytes);
        assertThat(directory.resolve(path)).hasBinaryContent(bytes);
        assertThat(keys()).containsExactly(key);
    }

    @Test
    void longSegmentsAreCut() {
        put("x".repeat(70) + "/" + "É".repeat(64), new byte[1]);
        String continued = SafeNames.escape("É".repeat(32).getBytes(StandardCharsets.UTF_8), false);
        Path expected = directory
                .resolve("x".repeat(64) + "%")
                .resolve("xxxxxx")
                .resolve(continued + "%")
                .resolve(continued + ".%");
        assertThat(expected).isRegularFile();
    }

    @Test
    void nothingIsLeftBesideTheObjects() throws IOException {
        put("a/b/c", new byte[10]);
        put("a/b/c", new byte[20]);
        UploadToken token = detached("a/b/d", new byte[2500]);
        try (UploadSession session = store.resumeUpload(token)) {
            session.complete(session.arrived(), PublishMode.CREATE_IF_ABSENT);
        }
        store.beginUpload(key("a/x"), LAYOUT, DEFAULTS).close();
        assertThat(uploads()).isEmptyDirectory();
        store.delete(List.of(key("a/b/c"), key("a/b/d")));
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).containsExactly(directory.resolve(".stillframe"));
        }
    }

    // Foreign hands

    @Test
    void foreignFilesAreNoObjects() throws IOException {
        put("a/b.c", new byte[1]);
        for (String name : List.of("README.TXT", "%zz.x", "a b.c", ".hidden", "x.y%", "con.txt", "nodot")) {
            Files.createFile(directory.resolve(name));
        }
        Files.createDirectories(directory.resolve("UPPER/case"));
        Files.createDirectory(directory.resolve("dir.ectory"));
        Files.createFile(directory.resolve("%ff.bin"));
        assertThat(keys()).containsExactly("a/b.c");
        assertThat(store.stat(key("dir.ectory"))).isEmpty();
    }

    @Test
    void symbolicLinksAreNotFollowed() throws IOException {
        Path outside = Files.createDirectory(temporary.resolve("outside"));
        Path secret = Files.writeString(outside.resolve("secret.txt"), "secret");
        Files.createSymbolicLink(directory.resolve("link"), outside);
        Files.createSymbolicLink(directory.resolve("file.txt"), secret);
        for (String key : List.of("link/secret.txt", "file.txt")) {
            assertThat(store.stat(key(key))).isEmpty();
            failing(() -> store.open(key(key)), Kind.NOT_FOUND);
            store.delete(List.of(key(key)));
        }
        assertThat(keys()).isEmpty();
        failing(() -> put("link/new.txt", new byte[1]), Kind.PERMANENT);
        failing(() -> put("link/sub/new.txt", new byte[1]), Kind.PERMANENT);
        put("file.txt", new byte[] {1});
        assertThat(store.stat(key("file.txt")).orElseThrow().size()).isEqualTo(1);
        assertThat(secret).hasContent("secret");
        try (Stream<Path> found = Files.list(outside)) {
            assertThat(found).containsExactly(secret);
        }
        assertThat(uploads()).isEmptyDirectory();
    }

    @Test
    void anObjectThatIsCutInPlaceIsNoticed() throws IOException {
        put("k.bin", Bytes.random(1000, 1));
        ByteSource source = store.open(key("k.bin"));
        try (RandomAccessFile file =
                new RandomAccessFile(directory.resolve("k.bin").toFile(), "rw")) {
            file.setLength(500);
        }
        failing(() -> source.read(600, ByteBuffer.allocate(10)), Kind.CONFLICT);
        source.close();
    }

    // Uploads and crashes

    @Test
    void anUploadIsNotTakenFromALivingSession() {
        UploadSession session = store.beginUpload(key("k"), LAYOUT, DEFAULTS);
        FileObjectStore other = FileObjectStore.open(directory);
        assertThat(failing(() -> other.resumeUpload(session.token()), Kind.CONFLICT))
                .hasMessageContaining("living");
        PartReceipt part = session.putPart(1, ByteBuffer.allocate(5));
        session.complete(List.of(part), PublishMode.CREATE_IF_ABSENT);
        session.close();
        failing(() -> other.resumeUpload(session.token()), Kind.NOT_FOUND);
    }

    @Test
    void aPartWhoseBytesAreDamagedHasNotArrived() throws IOException {
        byte[] bytes = Bytes.random(3500, 1);
        UploadToken token = detached("k", bytes);
        try (RandomAccessFile body =
                new RandomAccessFile(uploadFile(token, "body").toFile(), "rw")) {
            body.seek(1500);
            body.write(bytes[1500] ^ 1);
        }
        try (UploadSession resumed = store.resumeUpload(token)) {
            assertThat(resumed.arrived()).extracting(PartReceipt::number).containsExactly(1, 3, 4);
            resumed.putPart(2, ByteBuffer.wrap(bytes, 1000, 1000));
            resumed.complete(resumed.arrived(), PublishMode.CREATE_IF_ABSENT);
        }
        try (ByteSource source = store.open(key("k"))) {
            assertThat(Bytes.readAll(source)).isEqualTo(bytes);
        }
    }

    @Test
    void whatACrashDidToTheFilesOfAnUploadOnlyCostsParts() throws IOException {
        byte[] bytes = Bytes.random(3500, 1);
        UploadToken token = detached("k", bytes);
        byte[] parts = Files.readAllBytes(uploadFile(token, "parts"));
        Files.write(uploadFile(token, "parts"), Arrays.copyOf(parts, parts.length - 5));
        requireArrived(token, 1, 2, 3);
        Files.write(uploadFile(token, "parts"), Arrays.copyOf(parts, parts.length + 50));
        requireArrived(token, 1, 2, 3, 4);
        Files.writeString(uploadFile(token, "parts"), "1 99999999 00000000 00000000\n\u0000 x\n");
        requireArrived(token);
        Files.write(uploadFile(token, "parts"), parts);
        try (RandomAccessFile body =
                new RandomAccessFile(uploadFile(token, "body").toFile(), "rw")) {
            body.setLength(2500);
        }
        requireArrived(token, 1, 2);
        Files.delete(uploadFile(token, "body"));
        Files.delete(uploadFile(token, "parts"));
        requireArrived(token);
    }

    private void requireArrived(UploadToken token, Integer... numbers) {
        UploadSession resumed = store.resumeUpload(token);
        assertThat(resumed.arrived()).extracting(PartReceipt::number).containsExactly(numbers);
        resumed.detach();
        resumed.close();
    }

    @Test
    void anUploadThatDiedAfterPublishingIsClearedAwayAndItsObjectKept() throws IOException {
        byte[] bytes = Bytes.random(900, 1);
        UploadToken token = detached("k", bytes);
        // What completion does, up to the instant before it clears away.
        Files.createLink(directory.resolve("k.%"), uploadFile(token, "body"));
        assertThat(store.listUploads("", Optional.empty(), 10).items()).hasSize(1);
        failing(() -> store.resumeUpload(token), Kind.NOT_FOUND);
        assertThat(uploads()).isEmptyDirectory();
        try (ByteSource source = store.open(key("k"))) {
            assertThat(Bytes.readAll(source)).isEqualTo(bytes);
        }
    }

    @Test
    void leftoversThatAreNoUploadGo() throws IOException {
        UploadToken kept = detached("kept", new byte[10]);
        UploadToken lost = detached("lost", new byte[10]);
        UploadToken torn = detached("torn", new byte[10]);
        Files.delete(uploadFile(lost, "json"));
        Files.write(uploadFile(torn, "json"), new byte[100]);
        assertThat(store.listUploads("", Optional.empty(), 10).items())
                .extracting(upload -> upload.token())
                .containsExactly(kept);
        try (Stream<Path> left = Files.list(uploads())) {
            assertThat(left).allMatch(file -> file.getFileName().toString().startsWith(kept.state()));
        }
    }

    /** Found by the crash harness: the process died between making the lock and holding it, or just before the lock's removal. */
    @Test
    void aDeadProcessesLockAloneGoesAtOnce() throws IOException {
        Path lock = Files.createFile(uploads().resolve("0123456789ab0123456789abcdef.lock"));
        try (ProcessLock living = ProcessLock.acquire(lock, Duration.ZERO).orElseThrow()) {
            assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
            assertThat(lock).exists();
        }
        assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
        assertThat(uploads()).isEmptyDirectory();
    }

    /** As after a crash of the whole machine, or in a copy of the directory. */
    @Test
    void anUploadWhoseLockWasLostIsGoneOnWith() throws IOException {
        UploadSession session = store.beginUpload(key("k"), LAYOUT, DEFAULTS);
        UploadToken token = session.token();
        session.detach();
        session.close();
        Files.delete(uploads().resolve(token.state() + ".lock"));
        store.resumeUpload(token).close();
        assertThat(uploads()).isEmptyDirectory();
        Files.createFile(uploads().resolve("0123456789ab0123456789abcdef.body"));
        assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
        assertThat(uploads()).isEmptyDirectory();
    }

    /** A lock that is not held yet looks like a dead process's. */
    @Test
    void uploadsBeginWhileOthersClearAwayWhatIsLeft() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        FutureTask<Integer> looks = new FutureTask<>(() -> {
            FileObjectStore other = FileObjectStore.open(directory);
            int rounds = 0;
            while (!over.get()) {
                other.listUploads("", Optional.empty(), 10);
                rounds++;
            }
            return rounds;
        });
        Thread looking = new Thread(looks, "looks for leftovers");
        looking.start();
        try {
            for (int i = 0; i < 3_000; i++) {
                store.beginUpload(key("k" + i), LAYOUT, DEFAULTS).close();
            }
        } finally {
            over.set(true);
        }
        assertThat(looks.get()).isPositive();
        store.listUploads("", Optional.empty(), 10);
        assertThat(uploads()).isEmptyDirectory();
    }

    /** Found by the crash harness: the process died while it made an upload exist, or while it removed one. */
    @ParameterizedTest
    @ValueSource(strings = {"new", "body", "parts"})
    void whatADeadProcessLeftOfNoUploadGoesAtOnce(String kind) throws IOException {
        String id = "0123456789ab0123456789abcdef";
        Path lock = Files.createFile(uploads().resolve(id + ".lock"));
        Path written = Files.write(uploads().resolve(id + "." + kind), new byte[100]);
        try (ProcessLock living = ProcessLock.acquire(lock, Duration.ZERO).orElseThrow()) {
            assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
            assertThat(written).exists();
        }
        assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
        assertThat(uploads()).isEmptyDirectory();
    }

    @Test
    void uploadsAreDatedByTheStoresClock() {
        Instant then = Instant.parse("2026-03-01T10:00:00Z");
        FileObjectStore dated = FileObjectStore.open(directory, Clock.fixed(then, ZoneOffset.UTC));
        UploadSession session = dated.beginUpload(key("k"), LAYOUT, DEFAULTS);
        assertThat(store.listUploads("", Optional.empty(), 1).items().get(0).startedAt())
                .isEqualTo(then);
        session.close();
    }

    @Test
    void interruptsDoNotBreakUploads() {
        byte[] bytes = Bytes.random(2500, 1);
        UploadSession session = store.beginUpload(key("k"), LAYOUT, DEFAULTS);
        Thread.currentThread().interrupt();
        PartReceipt first = session.putPart(1, ByteBuffer.wrap(bytes, 0, 1000));
        PartReceipt second = session.putPart(2, ByteBuffer.wrap(bytes, 1000, 1000));
        PartReceipt third = session.putPart(3, ByteBuffer.wrap(bytes, 2000, 500));
        session.complete(List.of(first, second, third), PublishMode.CREATE_IF_ABSENT);
        session.close();
        put("small", new byte[10]);
        store.delete(List.of(key("small")));
        assertThat(keys()).containsExactly("k");
        assertThat(store.listUploads("", Optional.empty(), 1).items()).isEmpty();
        assertThat(Thread.interrupted()).isTrue();
        try (ByteSource source = store.open(key("k"))) {
            assertThat(Bytes.readAll(source)).isEqualTo(bytes);
        }
    }

    @Test
    void ofManyWritersExactlyOneCreates() throws IOException {
        int writers = 4;
        int rounds = 300;
        StoreDirectory objects = new StoreDirectory(directory.toRealPath(), true);
        CyclicBarrier round = new CyclicBarrier(writers);
        List<Integer> wins = Crowd.together(writers, i -> {
            int won = 0;
            for (int n = 0; n < rounds; n++) {
                Path body = uploads().resolve("body-" + i);
                try {
                    Files.write(body, new byte[i]);
                    round.await(60, TimeUnit.SECONDS);
                    PublishOutcome outcome = objects.publish(key("race/" + n), body, PublishMode.CREATE_IF_ABSENT);
                    won += outcome instanceof PublishOutcome.Published ? 1 : 0;
                    Files.deleteIfExists(body);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
            return won;
        });
        assertThat(wins.stream().mapToInt(Integer::intValue).sum()).isEqualTo(rounds);
    }

    @Test
    void publishingMeetsTheRemovalOfEmptyDirectories() {
        Crowd.together(4, i -> {
            ObjectKey mine = key("shared/deep/" + i + ".bin");
            for (int n = 0; n < 50; n++) {
                PublishOutcome outcome =
                        store.put(mine, ByteBuffer.allocate(n), PublishMode.CREATE_IF_ABSENT, DEFAULTS);
                assertThat(outcome).isInstanceOf(PublishOutcome.Published.class);
                assertThat(store.stat(mine).map(ObjectStat::size)).contains((long) n);
                store.delete(List.of(mine));
            }
            return i;
        });
        assertThat(keys()).isEmpty();
    }
}
