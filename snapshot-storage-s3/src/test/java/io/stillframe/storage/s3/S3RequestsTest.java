package io.stillframe.storage.s3;

import static io.stillframe.storage.s3.S3StoreTests.KEY;
import static io.stillframe.storage.s3.S3StoreTests.failureOf;
import static io.stillframe.storage.s3.S3StoreTests.options;
import static java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadSession;
import io.stillframe.testing.Fault;
import io.stillframe.testing.FaultProxy;
import io.stillframe.testing.ForwardProxy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What leaves for the server by a store's options, and what answers of servers mean; on a server that only takes notes. */
final class S3RequestsTest {
    private static final S3Credentials.Keys KEYS =
            new S3Credentials.Keys("public-half", "very-secret-half", Optional.of("secret-session"));

    private final List<String> notes = new CopyOnWriteArrayList<>();
    private volatile Optional<String> refusal = Optional.empty();
    private volatile String mark = "";
    private volatile boolean encrypts = true;
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        exchange.getRequestBody().readAllBytes();
        StringBuilder note = new StringBuilder(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        exchange.getRequestHeaders()
                .forEach((name, values) -> note.append('\n')
                        .append(name.toLowerCase(Locale.ROOT))
                        .append(": ")
                        .append(values.get(0)));
        notes.add(note.toString());
        if (refusal.isPresent()) {
            String[] words = refusal.get().split(" ");
            byte[] body = ("<Error><Code>" + words[1] + "</Code><Message>no</Message></Error>")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(Integer.parseInt(words[0]), body.length);
            exchange.getResponseBody().write(body);
        } else {
            String sent = exchange.getRequestHeaders().getFirst("x-amz-meta-stillframe-mark");
            mark = sent == null ? mark : sent;
            exchange.getResponseHeaders().set("ETag", "\"tag\"");
            if (encrypts) {
                confirmEncryption(exchange);
            }
            exchange.getResponseHeaders().set("x-amz-meta-stillframe-mark", mark);
            if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.getResponseHeaders().set("Content-Length", "1");
            }
            boolean begins = "uploads".equals(exchange.getRequestURI().getQuery());
            byte[] body = (begins ? "<Result><UploadId>id</UploadId></Result>" : "").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, begins ? body.length : -1);
            if (begins) {
                exchange.getResponseBody().write(body);
            }
        }
        exchange.close();
    }

    private static void confirmEncryption(HttpExchange exchange) {
        for (String name : List.of("x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-algorithm")) {
            String asked = exchange.getRequestHeaders().getFirst(name);
            if (asked != null) {
                exchange.getResponseHeaders().set(name, asked);
            }
        }
    }

    private URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private S3ObjectStoreBuilder builder() {
        return S3ObjectStore.builder("bucket")
                .endpoint(endpoint())
                .region("here")
                .credentials(S3Credentials.from(() -> KEYS));
    }

    private static void put(S3ObjectStore store) {
        store.put(KEY, ByteBuffer.wrap(new byte[] {1}), PublishMode.REPLACE, options());
    }

    @Test
    void optionsOfWhatIsStoredGoIntoItsRequest() {
        try (S3ObjectStore store = builder()
                .storageClass("STANDARD_IA")
                .encryption(S3Encryption.kms(Optional.of("key-1")))
                .tag("team", "vm & co")
                .objectLock(new S3ObjectLock(S3ObjectLock.Mode.COMPLIANCE, Duration.ofDays(30)))
                .build()) {
            put(store);
        }
        assertThat(notes.get(0))
                .startsWith("PUT /bucket/some/object\n")
                .contains("x-amz-storage-class: STANDARD_IA")
                .contains("x-amz-server-side-encryption: aws:kms")
                .contains("x-amz-server-side-encryption-aws-kms-key-id: key-1")
                .contains("x-amz-tagging: team=vm%20%26%20co")
                .contains("x-amz-object-lock-mode: COMPLIANCE")
                .contains("x-amz-object-lock-retain-until-date: ")
                .contains("x-amz-checksum-crc32c: ")
                .contains("x-amz-security-token: secret-session")
                .contains("Credential=public-half/")
                .contains("x-amz-content-sha256: UNSIGNED-PAYLOAD")
                .doesNotContain("aws-chunked")
                .doesNotContain("very-secret-half");
    }

    @Test
    void optionsOfWhatIsUploadedInPartsAreGivenWhenItBegins() {
        byte[] key = new byte[32];
        try (S3ObjectStore store = builder()
                        .storageClass("GLACIER_IR")
                        .encryption(S3Encryption.customerKey(() -> key))
                        .tag("team", "vm")
                        .objectLock(new S3ObjectLock(S3ObjectLock.Mode.GOVERNANCE, Duration.ofDays(1)))
                        .build();
                UploadSession session = store.beginUpload(KEY, PartLayout.fixed(S3StoreTests.PART), options())) {
            session.putPart(1, ByteBuffer.allocate(10));
            session.detach();
        }
        assertThat(notes.get(0))
                .startsWith("POST /bucket/some/object?uploads")
                .contains("x-amz-storage-class: GLACIER_IR")
                .contains("x-amz-server-side-encryption-customer-key: ")
                .contains("x-amz-tagging: team=vm")
                .contains("x-amz-object-lock-mode: GOVERNANCE")
                .contains("x-amz-object-lock-retain-until-date: ")
                .contains("x-amz-checksum-algorithm: CRC32C")
                .contains("x-amz-meta-stillframe-mark: ");
        assertThat(notes.get(1))
                .startsWith("PUT /bucket/some/object?partNumber=1&uploadId=id")
                .contains("x-amz-server-side-encryption-customer-key: ")
                .contains("x-amz-checksum-crc32c: ");
    }

    @Test
    void aBucketIsNamedInTheHost() {
        int port = server.getAddress().getPort();
        try (ForwardProxy proxy = ForwardProxy.open();
                S3ObjectStore store = builder()
                        .endpoint(URI.create("http://s3.example.test:" + port))
                        .pathStyle(false)
                        .proxy(proxy.uri())
                        .build()) {
            put(store);
            assertThat(proxy.requests()).containsExactly("CONNECT bucket.s3.example.test:" + port + " HTTP/1.1");
        }
        assertThat(notes.get(0)).startsWith("PUT /some/object\n").contains("host: bucket.s3.example.test:" + port);
    }

    /** The client takes the server's time from its refusal, and signs the next request by it. */
    @Test
    void afterARefusalForTheClockTheNextRequestHasTheServersTime() {
        String error = "<Error><Code>RequestTimeTooSkewed</Code><Message>no</Message></Error>";
        String answer = "HTTP/1.1 403 Forbidden\r\nDate: "
                + RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plusHours(5))
                + "\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: " + error.length()
                + "\r\n\r\n" + error;
        try (FaultProxy proxy = FaultProxy.inFrontOf(server.getAddress().getPort());
                S3ObjectStore store = builder().endpoint(proxy.uri()).build()) {
            put(store);
            proxy.arm(new Fault(line -> true, 1, 0, Fault.Point.BEFORE_REQUEST, Fault.Action.ANSWER, answer));
            SnapshotException refused = failureOf(() -> store.list("", Optional.empty(), 1));
            assertThat(refused).hasMessageContaining("RequestTimeTooSkewed");
            assertThat(refused.retryable()).isTrue();
            store.stat(KEY);
        }
        assertThat(Duration.between(signed(notes.get(0)), signed(notes.get(notes.size() - 1))))
                .isGreaterThan(Duration.ofHours(4));
    }

    private static Instant signed(String note) {
        String date = note.lines()
                .filter(line -> line.startsWith("x-amz-date: "))
                .findFirst()
                .orElseThrow()
                .substring(12);
        return LocalDateTime.parse(date, DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'"))
                .toInstant(ZoneOffset.UTC);
    }

    @Test
    void aCustomerKeyGoesWithWritesAndReads() {
        byte[] key = new byte[32];
        try (S3ObjectStore store =
                builder().encryption(S3Encryption.customerKey(() -> key)).build()) {
            put(store);
            store.stat(KEY);
            assertThat(store + " " + store.uri()).doesNotContain("AAAA");
        }
        assertThat(notes)
                .allSatisfy(
                        note -> assertThat(note).contains("x-amz-server-side-encryption-customer-algorithm: AES256"));
    }

    @Test
    void aServerThatDoesNotConfirmThatItEncryptsIsRefused() {
        encrypts = false;
        byte[] key = new byte[32];
        for (S3Encryption asked : List.of(
                S3Encryption.serverKeys(), S3Encryption.kms(Optional.empty()), S3Encryption.customerKey(() -> key))) {
            try (S3ObjectStore store = builder().encryption(asked).build()) {
                assertThat(failureOf(() -> store.beginUpload(KEY, PartLayout.fixed(S3StoreTests.PART), options())))
                        .hasMessageContaining("does not confirm")
                        .extracting("kind")
                        .isEqualTo(Kind.UNSUPPORTED);
                assertThat(notes).anyMatch(note -> note.startsWith("DELETE /bucket/some/object?uploadId=id"));
                assertThat(failureOf(() -> put(store)).kind()).isEqualTo(Kind.UNSUPPORTED);
                notes.clear();
            }
        }
    }

    @Test
    void thePayloadIsSignedOnRequestAndMd5Sent() {
        try (S3ObjectStore store = builder()
                .payloadSigning(PayloadSigning.ALWAYS)
                .checksums(PartChecksums.MD5)
                .build()) {
            put(store);
        }
        assertThat(notes.get(0))
                .contains("content-md5: ")
                .containsPattern("x-amz-content-sha256: [0-9a-f]{64}")
                .doesNotContain("crc32c");
    }

    @Test
    void aProxyIsAskedForABucketNamedInTheHost() throws IOException {
        try (ServerSocket proxy = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                S3ObjectStore store = builder()
                        .endpoint(URI.create("http://s3.example.test"))
                        .pathStyle(false)
                        .proxy(URI.create("http://127.0.0.1:" + proxy.getLocalPort()))
                        .requestTimeout(Duration.ofSeconds(2))
                        .build()) {
            CompletableFuture<String> asked = CompletableFuture.supplyAsync(() -> firstLine(proxy));
            assertThat(failureOf(() -> store.stat(KEY)).retryable()).isTrue();
            assertThat(asked.orTimeout(20, TimeUnit.SECONDS).join())
                    .isEqualTo("CONNECT bucket.s3.example.test:80 HTTP/1.1");
        }
    }

    private static String firstLine(ServerSocket proxy) {
        try (Socket client = proxy.accept();
                BufferedReader in = new BufferedReader(
                        new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1))) {
            return String.valueOf(in.readLine());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void anonymousRequestsAreNotSigned() {
        try (S3ObjectStore store =
                builder().credentials(S3Credentials.anonymous()).build()) {
            store.stat(KEY);
        }
        assertThat(notes.get(0)).doesNotContain("authorization");
    }

    @Test
    void keysAreAskedForAtEveryRequest() {
        AtomicInteger asked = new AtomicInteger();
        try (S3ObjectStore store = builder()
                .credentials(S3Credentials.from(
                        () -> new S3Credentials.Keys("key-" + asked.incrementAndGet(), "secret", Optional.empty())))
                .build()) {
            store.stat(KEY);
            store.stat(KEY);
        }
        assertThat(notes.get(0)).contains("Credential=key-1/");
        assertThat(notes.get(1)).contains("Credential=key-2/");
    }

    @Test
    void aCallbackThatFailsIsNotQuoted() {
        try (S3ObjectStore store = builder()
                .credentials(S3Credentials.from(() -> {
                    throw new IllegalStateException("very-secret-half");
                }))
                .build()) {
            SnapshotException failure = failureOf(() -> store.stat(KEY));
            assertThat(failure.kind()).isEqualTo(Kind.PERMANENT);
            for (Throwable at = failure; at != null; at = at.getCause()) {
                assertThat(at.toString()).doesNotContain("very-secret-half");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "400, ExpiredToken, TRANSIENT",
        "403, RequestTimeTooSkewed, TRANSIENT",
        "400, RequestTimeout, TRANSIENT",
        "503, SlowDown, THROTTLED",
        "403, AccessDenied, PERMANENT",
        "403, InvalidAccessKeyId, PERMANENT",
        "403, QuotaExceeded, PERMANENT",
        "507, InsufficientStorage, PERMANENT",
        "301, PermanentRedirect, PERMANENT",
        "404, NoSuchBucket, PERMANENT",
    })
    void errorsMeanWhatTheyShould(String status, String code, Kind kind) {
        refusal = Optional.of(status + " " + code);
        try (S3ObjectStore store = builder().build()) {
            SnapshotException failure = failureOf(() -> store.list("", Optional.empty(), 1));
            assertThat(failure.kind()).as(failure.toString()).isEqualTo(kind);
            assertThat(failure).hasMessageContaining(code).hasMessageContaining("bucket");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "s3://key:very-secret-half@bucket | credentials",
                "s3://bucket?endpoint=http://key:very-secret-half@host | endpoint",
                "s3://bucket?secret=very-secret-half | no parameter 'secret'",
                "s3://bucket?endpoint=ftp://host | endpoint",
                "s3://bucket?features=fly | features",
                "s3://bucket?features=expiry | EXPIRY",
                "s3://b | bucket",
                "s3://bucket?object-lock=P30D | object-lock",
                "s3://bucket?region=a&region=b | twice",
            })
    void wrongUrisAreRefusedWithoutTheirSecrets(String uri, String told) {
        SnapshotException failure = failureOf(
                () -> S3Uri.parse(URI.create(uri), name -> Optional.empty()).settings());
        assertThat(failure.kind()).isEqualTo(Kind.INVALID);
        assertThat(failure).hasMessageContaining(told);
        assertThat(failure.toString()).doesNotContain("very-secret-half");
    }

    @Test
    void aUriKeepsEverythingButSecrets() {
        String uri = "s3://bucket/a/b?endpoint=https://host:1&region=r&path-style=false&profile=p&ca=/etc/hosts"
                + "&proxy=http://proxy:3&payload-signing=never&checksums=md5&most-parts=500&largest-object=99999999999999&storage-class=X&encryption=kms&kms-key=k"
                + "&tag.a=b%20c&object-lock=governance:PT48H&features=resume";
        S3Settings settings =
                S3Uri.parse(URI.create(uri), name -> Optional.empty()).settings();
        assertThat(settings.uri()).isEqualTo(uri);
    }

    @Test
    void theEnvironmentFillsWhatTheUriLeavesOut() {
        S3Settings settings = S3Uri.parse(URI.create("s3://bucket"), name -> switch (name) {
                    case "AWS_ENDPOINT_URL" -> Optional.of("https://host");
                    case "AWS_DEFAULT_REGION" -> Optional.of("there");
                    default -> Optional.empty();
                })
                .settings();
        assertThat(settings.endpoint()).contains(URI.create("https://host"));
        assertThat(settings.region()).contains("there");
        assertThat(settings.pathStyle()).isTrue();
    }
}
