package io.stillframe.storage.s3;

import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A process that uploads an object of parts and tells each of its steps, to be killed in between: {@code token STATE},
 * {@code start N}, {@code done N TAG}, {@code completing}, {@code completed}. Its secret comes by the environment.
 */
final class KilledUploader {
    static final String SECRET = "STILLFRAME_TEST_SECRET";
    static final int PARTS = 8;
    static final int AT_ONCE = 3;
    static final int LAST = 1234;
    static final PartLayout LAYOUT = PartLayout.fixed(S3StoreTests.PART);

    private KilledUploader() {}

    /** Endpoint, region, access key, bucket, key, seed. */
    public static void main(String[] args) throws Exception {
        S3Server server = new S3Server(
                URI.create(args[0]), args[1], new S3Credentials.Keys(args[2], System.getenv(SECRET), Optional.empty()));
        ExecutorService senders = Executors.newFixedThreadPool(AT_ONCE);
        try (S3ObjectStore store = server.store(args[3]).build();
                UploadSession session = store.beginUpload(ObjectKey.of(args[4]), LAYOUT, UploadOptions.ofDefaults())) {
            UploadToken token = session.token();
            say("token " + token.state());
            Queue<PartReceipt> sent = new ConcurrentLinkedQueue<>();
            List<Integer> numbers =
                    java.util.stream.IntStream.rangeClosed(1, PARTS).boxed().toList();
            List<? extends Future<?>> running = numbers.stream()
                    .map(number -> senders.submit(() -> {
                        say("start " + number);
                        PartReceipt receipt = session.putPart(number, part(Long.parseLong(args[5]), number));
                        sent.add(receipt);
                        say("done " + number + " " + receipt.tag());
                    }))
                    .toList();
            for (Future<?> one : running) {
                one.get();
            }
            say("completing");
            session.complete(
                    sent.stream()
                            .sorted(Comparator.comparingInt(PartReceipt::number))
                            .toList(),
                    PublishMode.CREATE_IF_ABSENT);
            say("completed");
        } finally {
            senders.shutdownNow();
            server.close();
        }
    }

    static ByteBuffer part(long seed, int number) {
        byte[] bytes = new byte[number == PARTS ? LAST : S3StoreTests.PART];
        new Random(seed * 31 + number).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
