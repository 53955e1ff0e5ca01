package io.stillframe.storage.swift;

import static io.stillframe.storage.swift.Uploads.KEY;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.internal.file.ChildJvm;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import io.stillframe.spi.contract.Bytes;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Processes killed in the middle of an upload, {@code -Dstillframe.swift.kills=3} times: another process sends what is missing. The
 * killed one sends four parts at a time.
 */
final class KilledUploadTest {
    private static final int PART = 100_000;
    private static final int PARTS = 24;
    private static final int AT_ONCE = 4;

    private final SwiftLab lab = SwiftLab.open();
    private final TestContainer container = TestContainer.create(lab.tempAuth());

    @AfterEach
    void close() {
        container.close();
    }

    @Test
    void whatArrivedIsNotSentAgain() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (SwiftObjectStore store = SwiftObjectStore.builder(container.name())
                .credentials(lab.tempAuth())
                .build()) {
            for (int kill = Integer.getInteger("stillframe.swift.kills", 3); kill > 0; kill--) {
                killAndResume(store, random, "seed " + seed + ", kill " + kill);
            }
        }
    }

    private void killAndResume(SwiftObjectStore store, Random random, String where) {
        byte[] content = Bytes.random(PART * PARTS, 1);
        int confirmed = 0;
        UploadToken token;
        try (ChildJvm child = ChildJvm.start(
                Child.class,
                lab.tempAuth().authUrl().toString(),
                lab.setting("ST_USER"),
                lab.setting("ST_KEY"),
                container.name())) {
            token = new UploadToken(KEY, PartLayout.fixed(PART), child.line());
            int until = random.nextInt(PARTS - AT_ONCE);
            while (confirmed < until) {
                child.line();
                confirmed++;
            }
            child.kill();
            confirmed += child.lines().size();
        }
        try (UploadSession session = store.resumeUpload(token)) {
            Map<Integer, PartReceipt> parts = new TreeMap<>();
            session.arrived().forEach(part -> parts.put(part.number(), part));
            assertThat(parts).as(where).hasSizeBetween(confirmed, confirmed + AT_ONCE);
            for (int number = 1; number <= PARTS; number++) {
                if (!parts.containsKey(number)) {
                    parts.put(number, session.putPart(number, ByteBuffer.wrap(content, (number - 1) * PART, PART)));
                }
            }
            session.complete(List.copyOf(parts.values()), PublishMode.CREATE_IF_ABSENT);
        }
        assertThat(Uploads.read(store)).as(where).isEqualTo(content);
        assertThat(store.listUploads("", java.util.Optional.empty(), 10).items())
                .isEmpty();
        store.delete(List.of(KEY));
        assertThat(container.segments()).as(where).isEmpty();
    }

    /** Uploads until it is killed: prints its token, then each part that was confirmed. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws IOException {
            SwiftObjectStore store = SwiftObjectStore.builder(args[3])
                    .credentials(new SwiftCredentials.TempAuth(URI.create(args[0]), args[1], SwiftSecret.of(args[2])))
                    .build();
            UploadSession session = store.beginUpload(KEY, PartLayout.fixed(PART), UploadOptions.ofDefaults());
            System.out.println(session.token().state());
            byte[] content = Bytes.random(PART * PARTS, 1);
            ExecutorService senders = Executors.newFixedThreadPool(AT_ONCE);
            for (int i = 1; i <= PARTS; i++) {
                int number = i;
                senders.execute(() -> {
                    session.putPart(number, ByteBuffer.wrap(content, (number - 1) * PART, PART));
                    synchronized (session) {
                        System.out.println(number);
                    }
                });
            }
            ChildJvm.awaitParent();
        }
    }
}
