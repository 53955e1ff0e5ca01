package io.stillframe.storage.s3;

import static io.stillframe.storage.s3.S3StoreTests.KEY;
import static io.stillframe.storage.s3.S3StoreTests.failureOf;
import static io.stillframe.storage.s3.S3StoreTests.options;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.PublishMode;
import io.stillframe.testing.CutHandshakes;
import io.stillframe.testing.ForwardProxy;
import io.stillframe.testing.TestAuthority;
import io.stillframe.testing.TlsFront;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.exception.SdkClientException;

/** The ways to a server: TLS with an authority of one's own, proxies, keys from files. */
final class S3AccessTest {
    @RegisterExtension
    static final S3ProxyServer SERVER = new S3ProxyServer();

    @TempDir
    static Path keys;

    private static TestAuthority authority;
    private static SSLContext identity;
    private String bucket;

    @BeforeAll
    static void makeKeys() {
        authority = TestAuthority.create(keys, "trusted");
        identity = authority.identity("ip:127.0.0.1");
    }

    @BeforeEach
    void open() {
        bucket = SERVER.server().newBucket();
    }

    @AfterEach
    void close() {
        SERVER.server().remove(bucket);
    }

    private static void requireWorking(S3ObjectStoreBuilder builder) {
        try (S3ObjectStore store = builder.build()) {
            store.put(KEY, ByteBuffer.wrap(new byte[] {1, 2}), PublishMode.REPLACE, options());
            assertThat(S3StoreTests.read(store, KEY)).containsExactly(1, 2);
        }
    }

    private static SnapshotException refusalOf(S3ObjectStoreBuilder builder) {
        try (S3ObjectStore store = builder.build()) {
            return failureOf(() -> store.stat(KEY));
        }
    }

    private TlsFront front(SSLContext server) {
        return TlsFront.inFrontOf(SERVER.server().endpoint().getPort(), server);
    }

    @Test
    void aServerWithACertificateOfTheGivenAuthorityIsTrusted() {
        try (TlsFront tls = front(identity)) {
            requireWorking(SERVER.server().store(bucket, tls.uri()).caBundle(authority.pem()));
        }
    }

    @Test
    void aServerOfAnotherAuthorityIsRefused() {
        TestAuthority other = TestAuthority.create(keys, "other");
        try (TlsFront tls = front(identity)) {
            for (S3ObjectStoreBuilder builder : new S3ObjectStoreBuilder[] {
                SERVER.server().store(bucket, tls.uri()).caBundle(other.pem()),
                SERVER.server().store(bucket, tls.uri())
            }) {
                assertThat(refusalOf(builder))
                        .hasMessageContaining("certificate is not trusted")
                        .extracting("kind")
                        .isEqualTo(Kind.PERMANENT);
            }
        }
    }

    @Test
    void aCertificateForAnotherHostIsRefused() {
        try (TlsFront tls = front(authority.identity("dns:elsewhere.test"))) {
            assertThat(refusalOf(SERVER.server().store(bucket, tls.uri()).caBundle(authority.pem())))
                    .hasMessageContaining("certificate is not trusted")
                    .extracting("kind")
                    .isEqualTo(Kind.PERMANENT);
        }
    }

    /** A connection that ends while the handshake is under way says nothing of the server's certificate. */
    @Test
    void aHandshakeThatIsCutMayBeTriedAgain() {
        try (CutHandshakes cut = CutHandshakes.open()) {
            SnapshotException fault = refusalOf(SERVER.server().store(bucket, cut.uri()));
            assertThat(fault.kind()).as(fault.getMessage()).isEqualTo(Kind.TRANSIENT);
        }
        // The client tells such an end in several ways, depending on what it was just doing.
        SdkClientException told = SdkClientException.create(
                "Unable to execute HTTP request", new SSLHandshakeException("Remote host terminated the handshake"));
        assertThat(S3Errors.map("looking", told).kind()).isEqualTo(Kind.TRANSIENT);
    }

    @Test
    void aProxyIsTunnelledThroughWithTlsAndWithout() {
        try (ForwardProxy proxy = ForwardProxy.open();
                TlsFront tls = front(identity)) {
            requireWorking(SERVER.server().store(bucket).proxy(proxy.uri()));
            requireWorking(SERVER.server()
                    .store(bucket, tls.uri())
                    .caBundle(authority.pem())
                    .proxy(proxy.uri()));
            assertThat(proxy.requests())
                    .anyMatch(line -> line.startsWith(
                            "CONNECT 127.0.0.1:" + SERVER.server().endpoint().getPort()))
                    .anyMatch(line ->
                            line.startsWith("CONNECT 127.0.0.1:" + tls.uri().getPort()));
        }
    }

    /** Each tunnel is one connection. */
    @Test
    void oneConnectionServesAllRequestsThatFollowEachOther() {
        try (ForwardProxy proxy = ForwardProxy.open()) {
            requireWorking(SERVER.server().store(bucket).proxy(proxy.uri()));
            assertThat(proxy.requests()).hasSize(1);
        }
    }

    @Test
    void aProxyWantsItsLoginWhichIsShownNowhere() throws Exception {
        // user:very-secret
        try (ForwardProxy proxy = ForwardProxy.withLogin("Basic dXNlcjp2ZXJ5LXNlY3JldA==")) {
            requireWorking(SERVER.server().store(bucket).proxy(proxy.uri()).proxyLogin("user", () -> "very-secret"));
            SnapshotException refused =
                    refusalOf(SERVER.server().store(bucket).proxy(proxy.uri()).proxyLogin("user", () -> "very-wrong"));
            for (Throwable at = refused; at != null; at = at.getCause()) {
                assertThat(at.toString()).doesNotContain("very-wrong");
            }
            Path file = Files.writeString(keys.resolve("login"), "user:very-secret\n");
            S3Settings settings = S3Uri.parse(
                            URI.create("s3://" + bucket + "?proxy=" + proxy.uri() + "&proxy-login-file=" + file),
                            name -> Optional.empty())
                    .settings();
            assertThat(settings.proxyLogin().orElseThrow().password().get()).isEqualTo("very-secret");
            assertThat(settings.toString() + settings.uri()).doesNotContain("very-secret");
        }
    }

    @Test
    void aProfileOfAFileGivesTheKeys() throws Exception {
        S3Credentials.Keys known = SERVER.server().keys();
        Path file = Files.writeString(
                keys.resolve("credentials"),
                "[cloud]\naws_access_key_id = " + known.accessKey() + "\naws_secret_access_key = " + known.secretKey()
                        + "\n");
        requireWorking(SERVER.server().store(bucket).credentials(S3Credentials.profile("cloud", file)));
        assertThat(refusalOf(SERVER.server().store(bucket).credentials(S3Credentials.profile("none", file)))
                        .kind())
                .isEqualTo(Kind.PERMANENT);
    }
}
