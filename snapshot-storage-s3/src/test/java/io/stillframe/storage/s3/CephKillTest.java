package io.stillframe.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Uploads whose process is killed at a random moment: another process goes on with what has arrived, or finds the object whole.
 * {@code -Dstillframe.kills=50} for more of them, {@code -Dstillframe.kills.seed=…} for the same again.
 */
final class CephKillTest {
    @RegisterExtension
    static final CephServer CEPH = new CephServer();

    private String bucket;
    private S3ObjectStore store;

    @BeforeEach
    void open() {
        bucket = CEPH.server().newBucket();
        store = CEPH.server().store(bucket).build();
    }

    @AfterEach
    void close() {
        store.close();
        CEPH.server().remove(bucket);
    }

    /** What a killed process has told. */
    private static final class Told {
        private Optional<String> token = Optional.empty();
        private final Set<Integer> started = new HashSet<>();
        private final Map<Integer, String> done = new HashMap<>();

        void line(String line) {
            String[] words = line.split(" ", 3);
            switch (words[0]) {
                case "token" -> token = Optional.of(words[1]);
                case "start" -> started.add(Integer.valueOf(words[1]));
                case "done" -> done.put(Integer.valueOf(words[1]), words[2]);
                default -> {}
            }
        }
    }

    @Test
    void whatArrivedIsNotSentAgain() throws Exception {
        long seed = Long.getLong("stillframe.kills.seed", System.nanoTime());
        Random random = new Random(seed);
        int sentAgain = 0;
        int resumed = 0;
        int kills = Integer.getInteger("stillframe.kills", 3);
        for (int kill = 1; kill <= kills; kill++) {
            ObjectKey key = ObjectKey.of("killed/" + kill);
            // The token, each part's start and end, the completion's beginning and end.
            int after = 1 + random.nextInt(2 * KilledUploader.PARTS + 3);
            Told told = killAfter(after, key, kill);
            String where = "kill " + kill + " after line " + after + ", seed " + seed;
            int again = goOn(told, key, kill, where);
            sentAgain += Math.max(0, again);
            resumed += again >= 0 ? 1 : 0;
            requireContent(key, kill, where);
        }
        assertThat(store.listUploads("", Optional.empty(), 1000).items()).isEmpty();
        System.out.printf(
                "%d kills: %d uploads were gone on with, %d parts under way were sent again (seed %d)%n",
                kills, resumed, sentAgain, seed);
    }

    private Told killAfter(int lines, ObjectKey key, long content) throws IOException, InterruptedException {
        S3Server server = CEPH.server();
        ProcessBuilder builder = new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                KilledUploader.class.getName(),
                server.endpoint().toString(),
                "default",
                server.keys().accessKey(),
                bucket,
                key.value(),
                String.valueOf(content));
        builder.environment().put(KilledUploader.SECRET, server.keys().secretKey());
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        Told told = new Told();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            int seen = 0;
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                told.line(line);
                if (++seen == lines) {
                    process.toHandle().destroyForcibly();
                }
            }
        }
        process.waitFor();
        assertThat(told.token).as("the process told its token").isPresent();
        return told;
    }

    /** How many parts that had been begun were sent again; -1 if the object was complete. */
    private int goOn(Told told, ObjectKey key, long content, String where) {
        UploadToken token = new UploadToken(key, KilledUploader.LAYOUT, told.token.orElseThrow());
        Map<Integer, PartReceipt> parts = new TreeMap<>();
        int again = 0;
        try (UploadSession session = store.resumeUpload(token)) {
            session.arrived().forEach(part -> parts.put(part.number(), part));
            told.done.forEach((number, tag) -> assertThat(parts.get(number))
                    .as(where)
                    .extracting(PartReceipt::tag)
                    .isEqualTo(tag));
            for (int number = 1; number <= KilledUploader.PARTS; number++) {
                ByteBuffer bytes = KilledUploader.part(content, number);
                if (!parts.containsKey(number) || parts.get(number).size() != bytes.remaining()) {
                    again += told.started.contains(number) ? 1 : 0;
                    parts.put(number, session.putPart(number, bytes));
                }
            }
            assertThat(again).as(where).isLessThanOrEqualTo(KilledUploader.AT_ONCE);
            session.complete(List.copyOf(parts.values()), PublishMode.CREATE_IF_ABSENT);
            return again;
        } catch (SnapshotException e) {
            assertThat(e.kind()).as(where + ": " + e).isEqualTo(Kind.NOT_FOUND);
            return -1;
        }
    }

    private void requireContent(ObjectKey key, long content, String where) {
        Optional<ObjectStat> stat = store.stat(key);
        assertThat(stat).as(where).isPresent();
        try (ByteSource source = store.open(key)) {
            long at = 0;
            for (int number = 1; number <= KilledUploader.PARTS; number++) {
                ByteBuffer expected = KilledUploader.part(content, number);
                ByteBuffer got = ByteBuffer.allocate(expected.remaining());
                source.read(at, got);
                assertThat(got.flip().equals(expected))
                        .as("part %s, %s", number, where)
                        .isTrue();
                at += expected.remaining();
            }
            assertThat(source.size()).as(where).isEqualTo(at);
        }
    }
}
